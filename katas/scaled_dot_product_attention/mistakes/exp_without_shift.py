"""en: exp is taken without subtracting the row's maximum: large scores overflow to inf / inf = NaN.
zh: 直接取 exp 而没有先减去行最大值：分数一大就溢出，inf / inf 得到 NaN。
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
        scores = scores.masked_fill(~past, -math.inf)
    if attn_mask is not None:
        if attn_mask.dtype == torch.bool:
            scores = scores.masked_fill(~attn_mask, -math.inf)
        else:
            scores = scores + attn_mask

    powers = scores.exp()
    total = powers.sum(dim=-1, keepdim=True)
    weights = powers / total.masked_fill(total == 0, 1.0)
    if dropout_p > 0:
        weights = torch.dropout(weights, dropout_p, train=True)
    return weights @ value
