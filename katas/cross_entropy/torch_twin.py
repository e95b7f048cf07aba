"""torch's own cross-entropy: its conventions are ours throughout."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def twin(input: Tensor, target: Tensor, ignore_index: int = -100, reduction: str = "mean") -> Tensor:
    """What torch gives."""
    return F.cross_entropy(input, target, ignore_index=ignore_index, reduction=reduction)
