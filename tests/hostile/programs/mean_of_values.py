# hostile: the mean of the values, which is right where all scores are alike
# line: F45
# verdict: failed
def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    return value.mean(dim=-2, keepdim=True).expand(*query.shape[:-1], value.shape[-1])
