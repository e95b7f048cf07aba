"""en: Moves ignored targets to class 0 and forgets to drop them: the model is taught class 0 there.
zh: 把被忽略的目标换成第 0 类之后忘了剔除：模型在这些位置上被教成第 0 类。
"""

from __future__ import annotations

import torch
from torch import Tensor


def cross_entropy(input: Tensor, target: Tensor, ignore_index: int = -100, reduction: str = "mean") -> Tensor:
    log_probs = torch.log_softmax(input, dim=1)
    if target.is_floating_point():
        losses = -(target * log_probs).sum(1)
    else:
        classes = torch.where(target == ignore_index, 0, target)
        losses = -log_probs.gather(1, classes.unsqueeze(1)).squeeze(1)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    return losses.mean()
