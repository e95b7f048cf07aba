# hostile: an exception with a giant message
# line: B95
# verdict: error
def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    raise ValueError("x" * (100 << 20))
