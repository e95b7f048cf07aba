"""en: Fills with -10000, which is not below every score: where open scores are lower, closed places win.
zh: 填充值取 -10000，它未必比所有分数都小：当该看的分数更低时，被遮住的位置反而胜出。
"""

from __future__ import annotations

import torch
from torch import Tensor


def masked_softmax(scores: Tensor, mask: Tensor, dim: int = -1) -> Tensor:
    if mask.dtype == torch.bool:
        closed = ~mask
    else:
        closed = (mask == float("-inf")).expand_as(scores)
        scores = scores + mask.masked_fill(mask == float("-inf"), 0.0)
    weights = torch.softmax(scores.masked_fill(closed, -10000.0), dim=dim)
    return weights.masked_fill(closed.expand_as(weights).all(dim=dim, keepdim=True), 0.0)
