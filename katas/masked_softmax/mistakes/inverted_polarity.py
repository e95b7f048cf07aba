"""en: Reads True as "hide this place": here True means "may be attended", so the wrong places get the weight.
zh: 把 True 理解成“遮住”：这里 True 表示“可以关注”，权重恰好落在不该看的位置上。
"""

from __future__ import annotations

import torch
from torch import Tensor


def masked_softmax(scores: Tensor, mask: Tensor, dim: int = -1) -> Tensor:
    if mask.dtype == torch.bool:
        scores = scores.masked_fill(mask, float("-inf"))
    else:
        scores = scores + mask
    closed = (scores == float("-inf")).all(dim=dim, keepdim=True)
    return torch.softmax(scores.masked_fill(closed, 0.0), dim=dim).masked_fill(closed, 0.0)
