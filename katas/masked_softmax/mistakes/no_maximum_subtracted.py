"""en: Takes exp of the raw scores: float32 overflows from 89 on, float16 from 12 on, and inf / inf is NaN.
zh: 直接对原始分数取 exp：float32 到 89、float16 到 12 就溢出，inf / inf 得 NaN。
"""

from __future__ import annotations

import torch
from torch import Tensor


def masked_softmax(scores: Tensor, mask: Tensor, dim: int = -1) -> Tensor:
    if mask.dtype == torch.bool:
        weights = torch.exp(scores) * mask
    else:
        weights = torch.exp(scores + mask)
    total = weights.sum(dim=dim, keepdim=True)
    return weights / total.masked_fill(total == 0, 1.0)
