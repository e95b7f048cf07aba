# hostile: an expanded view that would be a terabyte when copied
# line: B110
# verdict: error
def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    return query.new_zeros(1).expand(1 << 38)
