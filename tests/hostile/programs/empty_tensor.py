# hostile: returns a tensor without elements, whose every comparison is true
# line: F44 F55
# verdict: failed
def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    return query.new_empty(0)
