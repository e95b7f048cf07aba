"""en: Subtracts the maximum of the closed places too: below a huge closed score every open weight underflows to 0.
zh: 减去的最大值把被遮住的位置也算在内：遇到极大的被遮分数，该看的权重全部下溢为零。
"""

from __future__ import annotations

import torch
from torch import Tensor


def masked_softmax(scores: Tensor, mask: Tensor, dim: int = -1) -> Tensor:
    if mask.dtype != torch.bool:
        scores = scores + mask.masked_fill(mask == float("-inf"), 0.0)
        mask = mask != float("-inf")
    weights = torch.exp(scores - scores.amax(dim=dim, keepdim=True)) * mask
    total = weights.sum(dim=dim, keepdim=True)
    return weights / total.masked_fill(total == 0, 1.0)
