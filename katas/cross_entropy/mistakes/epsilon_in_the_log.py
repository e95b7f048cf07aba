"""en: Adds a small constant inside the log: a loss can then never exceed -log(1e-7) = 16.1, and its gradient dies.
zh: 在对数里加了一个小常数：损失最多只能到 -log(1e-7) = 16.1，再往上梯度也没了。
"""

from __future__ import annotations

import torch
from torch import Tensor


def cross_entropy(input: Tensor, target: Tensor, ignore_index: int = -100, reduction: str = "mean") -> Tensor:
    log_probs = (torch.softmax(input, dim=1) + 1e-7).log()
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
