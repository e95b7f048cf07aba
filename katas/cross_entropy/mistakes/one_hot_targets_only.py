"""en: Multiplies by the target: that needs one-hot rows, and class indices raise or broadcast into nonsense.
zh: 直接与目标相乘：这只适用于 one-hot，给类别索引会报错，或者广播成毫无意义的数。
"""

from __future__ import annotations

import torch
from torch import Tensor


def cross_entropy(input: Tensor, target: Tensor, ignore_index: int = -100, reduction: str = "mean") -> Tensor:
    log_probs = torch.log_softmax(input, dim=1)
    losses = -(target * log_probs).sum(1)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    return losses.mean()
