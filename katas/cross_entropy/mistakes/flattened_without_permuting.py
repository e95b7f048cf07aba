"""en: Reshapes (N, C, L) to (N * L, C) without moving the class axis: a row mixes classes and positions.
zh: 不移动类别维就把 (N, C, L) 变形成 (N * L, C)：一行里混进了类别与位置。
"""

from __future__ import annotations

import torch
from torch import Tensor


def cross_entropy(input: Tensor, target: Tensor, ignore_index: int = -100, reduction: str = "mean") -> Tensor:
    classes = input.shape[1]
    shape = input.shape[:1] + input.shape[2:]
    log_probs = torch.log_softmax(input.reshape(-1, classes), dim=1)
    if target.is_floating_point():
        losses = -(target.reshape(-1, classes) * log_probs).sum(1)
        counted = torch.ones_like(losses, dtype=torch.bool)
    else:
        flat = target.reshape(-1)
        counted = flat != ignore_index
        losses = -log_probs.gather(1, flat.masked_fill(~counted, 0).unsqueeze(1)).squeeze(1).masked_fill(~counted, 0.0)
    if reduction == "none":
        return losses.reshape(shape)
    if reduction == "sum":
        return losses.sum()
    return losses.sum() / counted.sum()
