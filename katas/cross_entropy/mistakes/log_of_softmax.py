"""en: Takes the softmax first and its log afterwards: a probability that underflows to 0 costs infinity.
zh: 先算 softmax 再取对数：概率一旦下溢为 0，损失就成了无穷大。
"""

from __future__ import annotations

import torch
from torch import Tensor


def cross_entropy(input: Tensor, target: Tensor, ignore_index: int = -100, reduction: str = "mean") -> Tensor:
    log_probs = torch.softmax(input, dim=1).log()
    if target.is_floating_point():
        losses = -(target * log_probs).sum(1)
        counted = torch.ones_like(losses, dtype=torch.bool)
    else:
        counted = target != ignore_index
        classes = target.masked_fill(~counted, 0)
        losses = -log_probs.gather(1, classes.unsqueeze(1)).squeeze(1).masked_fill(~counted, 0.0)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    return losses.sum() / counted.sum()
