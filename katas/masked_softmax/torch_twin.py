"""torch's softmax behind a mask of -inf, where no row is closed throughout: there torch gives NaN, and we give zeros."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def twin(scores: Tensor, mask: Tensor, dim: int = -1) -> Tensor | None:
    """What torch gives, or None where our convention is another."""
    filled = scores.masked_fill(~mask, float("-inf")) if not mask.is_floating_point() else scores + mask
    if bool(filled.isneginf().all(dim).any()):
        return None
    return F.softmax(filled, dim=dim)
