"""en: Writes -inf into the caller's scores: their next use, under another mask, starts from what was closed here.
zh: 把 -inf 直接写进调用者的分数：同一份分数换个掩码再用时，上次遮住的仍是遮住的。
"""

from __future__ import annotations

import torch
from torch import Tensor


def masked_softmax(scores: Tensor, mask: Tensor, dim: int = -1) -> Tensor:
    if mask.dtype == torch.bool:
        scores.masked_fill_(~mask, float("-inf"))
    else:
        scores += mask
    closed = (scores == float("-inf")).all(dim=dim, keepdim=True)
    return torch.softmax(scores.masked_fill(closed, 0.0), dim=dim).masked_fill(closed, 0.0)
