"""en: Masked scores become -1e9, not -inf: a query with no key at all averages the hidden values.
zh: 被遮住的分数填成 -1e9 而不是 -inf：一个键都没有的查询会对本应看不见的值取平均。
"""

import math

import torch
from torch import Tensor


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
) -> Tensor:
    L, S, E = query.size(-2), key.size(-2), query.size(-1)
    if scale is None:
        scale = 1 / math.sqrt(E)
    scores = query @ key.transpose(-2, -1) * scale

    if is_causal:
        past = torch.ones(L, S, dtype=torch.bool, device=query.device).tril()
        scores = scores.masked_fill(~past, -1e9)
    if attn_mask is not None:
        if attn_mask.dtype == torch.bool:
            scores = scores.masked_fill(~attn_mask, -1e9)
        else:
            scores = scores + attn_mask

    weights = torch.softmax(scores, dim=-1)
    if dropout_p > 0:
        weights = torch.dropout(weights, dropout_p, train=True)
    return weights @ value
