"""en: Averages soft-target terms over the classes as well: the loss is C times too small.
zh: 以概率为目标时连类别维也一起平均：损失小了 C 倍。
"""

from __future__ import annotations

import torch
from torch import Tensor


def cross_entropy(input: Tensor, target: Tensor, ignore_index: int = -100, reduction: str = "mean") -> Tensor:
    log_probs = torch.log_softmax(input, dim=1)
    if target.is_floating_point():
        losses = -target * log_probs
        if reduction == "none":
            return losses.sum(1)
        return losses.sum() if reduction == "sum" else losses.mean()
    counted = target != ignore_index
    classes = target.masked_fill(~counted, 0)
    losses = -log_probs.gather(1, classes.unsqueeze(1)).squeeze(1).masked_fill(~counted, 0.0)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    return losses.sum() / counted.sum()
