"""en: Averages every sequence first and the averages afterwards: a token of a short sequence weighs more.
zh: 先对每条序列取平均、再对平均值取平均：短序列里的每个词分量更重。
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
        classes = target.masked_fill(~counted, 0)
        losses = -log_probs.gather(1, classes.unsqueeze(1)).squeeze(1).masked_fill(~counted, 0.0)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    if losses.dim() == 1:
        return losses.sum() / counted.sum()
    return (losses.flatten(1).sum(1) / counted.flatten(1).sum(1)).mean()
