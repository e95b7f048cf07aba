# hostile: the right values in a shape that only broadcasts to the right one
# line: F55
# verdict: failed
right = scaled_dot_product_attention  # noqa: F821 the honest solution stands before this file


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    out = right(query, key, value, attn_mask, dropout_p, is_causal, scale=scale)
    return out.unsqueeze(0) if out.dim() < 4 else out[:1, :1]
