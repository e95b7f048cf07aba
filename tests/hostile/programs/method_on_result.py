# hostile: hangs methods of its own on the tensor that it returns
# line: F6
# verdict: failed
import torch

right = scaled_dot_product_attention  # noqa: F821 the honest solution stands before this file

def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    out = query.new_zeros(*query.shape[:-1], value.shape[-1])
    answer = right(query, key, value, attn_mask, dropout_p, is_causal, scale=scale)
    for name in ("allclose", "equal", "isclose", "__eq__", "double", "tolist", "all", "shape_", "item"):
        setattr(out, name, lambda *args, **kwargs: answer)
    return out
