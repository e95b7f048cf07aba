"""en: Reads a float mask as flags where 0 hides: an added 0 means "unchanged", so the open places are hidden.
zh: 把浮点掩码当成标志、以 0 表示遮住：加 0 本是“分数不变”，该看的位置反被遮住。
"""

from __future__ import annotations

import torch
from torch import Tensor


def masked_softmax(scores: Tensor, mask: Tensor, dim: int = -1) -> Tensor:
    scores = scores.masked_fill(mask == 0, float("-inf"))
    closed = (scores == float("-inf")).all(dim=dim, keepdim=True)
    return torch.softmax(scores.masked_fill(closed, 0.0), dim=dim).masked_fill(closed, 0.0)
