"""en: Always ignores -100, whatever ignore_index says: a padding id of one's own is trained on.
zh: 不管 ignore_index 是多少都只忽略 -100：自定的填充编号照样参与训练。
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
        counted = target != -100
        classes = target.masked_fill(~counted, 0)
        losses = -log_probs.gather(1, classes.unsqueeze(1)).squeeze(1).masked_fill(~counted, 0.0)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    return losses.sum() / counted.sum()
