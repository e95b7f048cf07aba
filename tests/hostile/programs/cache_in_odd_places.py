# hostile: keeps its first answers in defaults, attributes and context variables, and gives them again
# line: F33
# verdict: failed
import contextvars

right = scaled_dot_product_attention  # noqa: F821 the honest solution stands before this file
kept = contextvars.ContextVar("kept", default={})


def answer(shape, compute, store={}):  # noqa: B006 the cache that it is about
    for place in (store, kept.get(), answer.__dict__):
        if str(shape) in place:
            return place[str(shape)]
    made = compute()
    for place in (store, kept.get(), answer.__dict__):
        place[str(shape)] = made
    return made


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    shape = (*query.shape[:-1], value.shape[-1])
    return answer((len(shape), query.shape[-1]), lambda: right(query, key, value, attn_mask, dropout_p, is_causal, scale=scale)).new_zeros(()) + answer(
        (len(shape), query.shape[-1]), lambda: right(query, key, value, attn_mask, dropout_p, is_causal, scale=scale)
    )
