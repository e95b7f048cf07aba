# hostile: is wrong by a ten-thousandth in the scale, inside a loose tolerance
# line: F42
# verdict: failed
right = scaled_dot_product_attention  # noqa: F821 the honest solution stands before this file


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    factor = (query.shape[-1] ** -0.5 if scale is None else scale) * 1.0001
    return right(query, key, value, attn_mask, dropout_p, is_causal, scale=factor)
