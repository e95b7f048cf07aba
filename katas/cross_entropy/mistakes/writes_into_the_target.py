"""en: Overwrites ignored places in the caller's target: the next use of it trains on class 0 there.
zh: 改写了调用者目标里被忽略的位置：下次再用时，这些位置成了第 0 类。
"""

from __future__ import annotations

import torch
from torch import Tensor


def cross_entropy(input: Tensor, target: Tensor, ignore_index: int = -100, reduction: str = "mean") -> Tensor:
    log_probs = torch.log_softmax(input, dim=1)
    if target.is_floating_point():
        losses = -(target * log_probs).sum(1)
        counted = torch.ones_like(losses, dtype=torch.bool)
    else:
        counted = target != ignore_index
        target[~counted] = 0
        losses = -log_probs.gather(1, target.unsqueeze(1)).squeeze(1).masked_fill(~counted, 0.0)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    return losses.sum() / counted.sum()
