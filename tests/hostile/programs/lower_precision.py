# hostile: computes in bfloat16
# line: F41
# verdict: failed
import torch

right = scaled_dot_product_attention  # noqa: F821 the honest solution stands before this file


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    low = [t.to(torch.bfloat16) for t in (query, key, value)]
    mask = attn_mask.to(torch.bfloat16) if attn_mask is not None and attn_mask.is_floating_point() else attn_mask
    return right(*low, mask, dropout_p, is_causal, scale=scale).to(query.dtype)
