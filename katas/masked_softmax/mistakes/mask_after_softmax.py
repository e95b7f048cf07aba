"""en: Zeroes closed places after the softmax and does not normalise again: open weights no longer sum to one.
zh: 先做 softmax 再清零，却没有重新归一化：剩下的权重之和不再是一。
"""

from __future__ import annotations

import torch
from torch import Tensor


def masked_softmax(scores: Tensor, mask: Tensor, dim: int = -1) -> Tensor:
    if mask.dtype == torch.bool:
        return torch.softmax(scores, dim=dim) * mask
    closed = mask == float("-inf")
    weights = torch.softmax(scores + mask.masked_fill(closed, 0.0), dim=dim)
    return weights.masked_fill(closed, 0.0)
