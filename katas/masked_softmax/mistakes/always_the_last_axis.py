"""en: Normalises along the last axis whatever `dim` says: right for attention scores, wrong for any other axis.
zh: 不管 `dim` 是多少都沿最后一维归一化：对注意力分数碰巧正确，换一维就错。
"""

from __future__ import annotations

import torch
from torch import Tensor


def masked_softmax(scores: Tensor, mask: Tensor, dim: int = -1) -> Tensor:
    if mask.dtype == torch.bool:
        scores = scores.masked_fill(~mask, float("-inf"))
    else:
        scores = scores + mask
    closed = (scores == float("-inf")).all(dim=-1, keepdim=True)
    return torch.softmax(scores.masked_fill(closed, 0.0), dim=-1).masked_fill(closed, 0.0)
