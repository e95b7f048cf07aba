import math

import torch
from torch import nn


def build_bias(mask, causal, l, s, like):
    bias = torch.zeros(l, s, dtype=like.dtype, device=like.device)
    if causal:
        bias = bias + torch.full_like(bias, -math.inf).triu(1)
    if mask is not None:
        if mask.dtype == torch.bool:
            extra = torch.zeros(mask.shape, dtype=like.dtype, device=like.device)
            extra[~mask] = -math.inf
        else:
            extra = mask
        bias = bias + extra
    return bias


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    if scale is None:
        scale = 1.0 / math.sqrt(query.size(-1))
    bias = build_bias(attn_mask, is_causal, query.size(-2), key.size(-2), query)
    dead = torch.isneginf(bias).all(-1, keepdim=True)
    bias = bias.masked_fill(dead, 0.0)
    attn = torch.matmul(query, key.transpose(-1, -2)).mul(scale).add(bias).softmax(-1)
    attn = attn * (~dead).to(attn.dtype)
    attn = nn.Dropout(dropout_p)(attn) if dropout_p > 0.0 else attn
    return torch.matmul(attn, value)
