"""en: Normalises over the last axis: with (N, C, ...) the classes are axis 1, and positions compete instead.
zh: 沿最后一维归一化：形状为 (N, C, ...) 时类别在第 1 维，结果成了各位置互相竞争。
"""

from __future__ import annotations

import torch
from torch import Tensor


def cross_entropy(input: Tensor, target: Tensor, ignore_index: int = -100, reduction: str = "mean") -> Tensor:
    log_probs = torch.log_softmax(input, dim=-1)
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
