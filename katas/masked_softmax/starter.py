# kata: masked_softmax
from __future__ import annotations

import torch
from torch import Tensor


def masked_softmax(scores: Tensor, mask: Tensor, dim: int = -1) -> Tensor:
    """Softmax along `dim` over the places that the mask leaves open.

    scores (...) -> the same shape and dtype
    mask broadcasts to scores: bool, True = may be attended, or float, added to the scores (-inf closes a place).
    A row in which every place is closed gives zeros, and zero gradients.
    """
    raise NotImplementedError
