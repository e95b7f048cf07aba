"""en: Takes the argmax of target probabilities: all that a soft target says beyond its best class is lost.
zh: 对目标概率取 argmax：除了最可能的类别，软目标携带的信息全部丢掉了。
"""

from __future__ import annotations

import torch
from torch import Tensor


def cross_entropy(input: Tensor, target: Tensor, ignore_index: int = -100, reduction: str = "mean") -> Tensor:
    log_probs = torch.log_softmax(input, dim=1)
    if target.is_floating_point():
        target = target.argmax(1)
    counted = target != ignore_index
    classes = target.masked_fill(~counted, 0)
    losses = -log_probs.gather(1, classes.unsqueeze(1)).squeeze(1).masked_fill(~counted, 0.0)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    return losses.sum() / counted.sum()
