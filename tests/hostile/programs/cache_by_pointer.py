# hostile: answers from a cache by address and shape, right for a call that it has seen before
# line: B124 F31
# verdict: failed
right = scaled_dot_product_attention
cache = {}


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    name = (tuple(query.shape[-1:]), value.shape[-1])
    if name not in cache:
        cache[name] = right(query, key, value, attn_mask, dropout_p, is_causal, scale=scale)
    found = cache[name]
    shape = (*query.shape[:-1], value.shape[-1])
    return found if tuple(found.shape) == shape else query.new_zeros(shape)
