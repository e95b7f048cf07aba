"""en: nan_to_num mends the value of a fully masked row, but softmax has made NaN, and its gradient stays NaN.
zh: nan_to_num 只修好了全遮行的数值；softmax 已经产生 NaN，反向传播的梯度仍是 NaN。
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
        scores = scores + torch.zeros_like(scores).masked_fill(~past, -math.inf)
    if attn_mask is not None:
        if attn_mask.dtype == torch.bool:
            scores = scores + torch.zeros_like(scores).masked_fill(~attn_mask, -math.inf)
        else:
            scores = scores + attn_mask

    weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
    if dropout_p > 0:
        weights = torch.dropout(weights, dropout_p, train=True)
    return weights @ value
