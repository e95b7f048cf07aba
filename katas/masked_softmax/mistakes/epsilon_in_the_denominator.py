"""en: Adds a small constant to the denominator: every weight is a little too small, and rows sum to less than one.
zh: 在分母上加了一个小常数：每个权重都略微偏小，各行之和不到一。
"""

from __future__ import annotations

import torch
from torch import Tensor


def masked_softmax(scores: Tensor, mask: Tensor, dim: int = -1) -> Tensor:
    if mask.dtype == torch.bool:
        scores = scores.masked_fill(~mask, float("-inf"))
    else:
        scores = scores + mask
    peak = scores.amax(dim=dim, keepdim=True)
    weights = torch.exp(scores - peak.masked_fill(peak == float("-inf"), 0.0))
    return weights / (weights.sum(dim=dim, keepdim=True) + 1e-5)
