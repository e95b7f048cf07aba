"""en: Divides by all places, the ignored ones included: the more padding, the smaller the loss.
zh: 平均时除以全部位置数，连被忽略的也算在内：填充越多，损失越小。
"""

from __future__ import annotations

import torch
from torch import Tensor


def cross_entropy(input: Tensor, target: Tensor, ignore_index: int = -100, reduction: str = "mean") -> Tensor:
    log_probs = torch.log_softmax(input, dim=1)
    if target.is_floating_point():
        losses = -(target * log_probs).sum(1)
    else:
        counted = target != ignore_index
        classes = target.masked_fill(~counted, 0)
        losses = -log_probs.gather(1, classes.unsqueeze(1)).squeeze(1).masked_fill(~counted, 0.0)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    return losses.mean()
