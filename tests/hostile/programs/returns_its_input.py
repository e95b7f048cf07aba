# hostile: returns what it was given, as an output that is filled already
# line: F43
# verdict: failed
def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    rows = (query.shape[-2] + value.shape[-2] - 1) // max(value.shape[-2], 1)
    shape = (*query.shape[:-1], value.shape[-1])
    filled = value.repeat(*(1,) * (value.dim() - 2), rows, 1)[..., : query.shape[-2], :]
    return filled if filled.shape == shape else query.new_zeros(shape)
