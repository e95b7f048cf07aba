# kata: cross_entropy
from __future__ import annotations

import torch
from torch import Tensor


def cross_entropy(input: Tensor, target: Tensor, ignore_index: int = -100, reduction: str = "mean") -> Tensor:
    """Minus the log-probability of the target under softmax(input); the classes are axis 1.

    input (N, C) or (N, C, d1, ...): logits
    target (N) or (N, d1, ...): int64 class indices, or probabilities of input's shape
    -> a scalar for reduction "mean" and "sum", (N) or (N, d1, ...) for "none"
    Places whose index is ignore_index cost 0 and are not counted by the mean.
    """
    raise NotImplementedError
