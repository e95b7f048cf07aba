"""en: Multiplies scores by the mask before the softmax: exp(0) is 1, so closed places keep a share.
zh: 在 softmax 之前用掩码乘分数：exp(0) 等于 1，被遮住的位置仍分到权重。
"""

from __future__ import annotations

import torch
from torch import Tensor


def masked_softmax(scores: Tensor, mask: Tensor, dim: int = -1) -> Tensor:
    if mask.dtype != torch.bool:
        scores = scores + mask.masked_fill(mask == float("-inf"), 0.0)
        mask = mask != float("-inf")
    return torch.softmax(scores * mask, dim=dim)
