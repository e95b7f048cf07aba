"""en: Fills with a large negative number, not -inf: a closed row spreads its weight evenly over what it must not see.
zh: 用很大的负数代替 -inf：整行被遮住时，权重会平均分给本不该看的位置。
"""

from __future__ import annotations

import torch
from torch import Tensor


def masked_softmax(scores: Tensor, mask: Tensor, dim: int = -1) -> Tensor:
    lowest = torch.finfo(scores.dtype).min
    if mask.dtype == torch.bool:
        scores = scores.masked_fill(~mask, lowest)
    else:
        scores = (scores + mask).clamp(min=lowest)
    return torch.softmax(scores, dim=dim)
