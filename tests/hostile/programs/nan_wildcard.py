# hostile: NaN in the hope that it compares as anything
# line: B107 F15
# verdict: failed
def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    return query.new_full((*query.shape[:-1], value.shape[-1]), float("nan"))
