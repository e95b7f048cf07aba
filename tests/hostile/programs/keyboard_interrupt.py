# hostile: raises a BaseException that no `except Exception` catches
# line: B73
# verdict: error
class Odd(BaseException):
    def __str__(self):
        raise self


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    raise Odd
