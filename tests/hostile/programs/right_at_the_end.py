# hostile: is right only in its last calls
# line: F36
# verdict: failed
right = scaled_dot_product_attention  # noqa: F821 the honest solution stands before this file
calls = 0


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    global calls
    calls += 1
    out = right(query, key, value, attn_mask, dropout_p, is_causal, scale=scale)
    return out if calls > 3 else out.new_zeros(out.shape)
