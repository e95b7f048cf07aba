"""en: Fills closed places with +inf: the largest score is then infinite, inf - inf is NaN, and the row is lost.
zh: 用 +inf 填充被遮住的位置：最大值成了无穷，inf - inf 是 NaN，整行作废。
"""

from __future__ import annotations

import torch
from torch import Tensor


def masked_softmax(scores: Tensor, mask: Tensor, dim: int = -1) -> Tensor:
    closed = ~mask if mask.dtype == torch.bool else mask == float("-inf")
    if mask.dtype != torch.bool:
        scores = scores + mask
    weights = torch.softmax(scores.masked_fill(closed, float("inf")), dim=dim)
    return weights.masked_fill(closed.expand_as(weights).all(dim=dim, keepdim=True), 0.0)
