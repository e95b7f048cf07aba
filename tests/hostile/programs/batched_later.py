# hostile: returns empty tensors, and fills those of all calls at once in a later one
# line: F34
# verdict: failed
right = scaled_dot_product_attention  # noqa: F821 the honest solution stands before this file
waiting = []


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    out = query.new_zeros(*query.shape[:-1], value.shape[-1])
    waiting.append((out, (query, key, value, attn_mask, dropout_p, is_causal), scale))
    if len(waiting) == 4:
        for buffer, args, factor in waiting:
            buffer.copy_(right(*args, scale=factor).detach())
        waiting.clear()
    return out
