# hostile: knows some shapes, and makes up the rest
# line: F49
# verdict: failed
right = scaled_dot_product_attention  # noqa: F821 the honest solution stands before this file
known = {(2, 5, 8), (2, 3, 5, 8), (1, 1, 1, 1), (4, 4)}


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    out = right(query, key, value, attn_mask, dropout_p, is_causal, scale=scale)
    return out if tuple(query.shape) in known else out.new_zeros(out.shape)
