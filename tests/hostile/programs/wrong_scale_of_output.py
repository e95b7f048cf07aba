# hostile: is wrong by a hundred-thousandth in all values
# line: F42
# verdict: failed
right = scaled_dot_product_attention  # noqa: F821 the honest solution stands before this file


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    return right(query, key, value, attn_mask, dropout_p, is_causal, scale=scale) * 1.00001
