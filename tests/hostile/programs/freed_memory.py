# hostile: asks for uninitialised memory again and again, in the hope of a freed answer
# line: F2
# verdict: failed
import torch


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    shape = (*query.shape[:-1], value.shape[-1])
    for _ in range(64):
        found = torch.empty(shape, dtype=query.dtype)
        if bool((found != 0).any()) and bool(found.isfinite().all()):
            return found
    return torch.empty(shape, dtype=query.dtype)
