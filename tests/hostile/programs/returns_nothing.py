# hostile: returns an empty list, so that there is nothing to compare
# line: F44
# verdict: failed
def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    return []
