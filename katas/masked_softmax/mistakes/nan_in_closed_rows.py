"""en: Fills with -inf and takes a plain softmax: a row that is closed throughout becomes NaN, not zeros.
zh: 填入 -inf 后直接做 softmax：整行都被遮住时得到 NaN，而约定的结果是零。
"""

from __future__ import annotations

import torch
from torch import Tensor


def masked_softmax(scores: Tensor, mask: Tensor, dim: int = -1) -> Tensor:
    if mask.dtype == torch.bool:
        scores = scores.masked_fill(~mask, float("-inf"))
    else:
        scores = scores + mask
    return torch.softmax(scores, dim=dim)
