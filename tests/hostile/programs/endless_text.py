# hostile: an exception whose text never ends
# line: B95
# verdict: timeout
class Odd(Exception):
    def __str__(self):
        while True:
            pass


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    raise Odd
