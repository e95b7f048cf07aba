"""en: Turns NaN into zero after the softmax: the values are right, but backward multiplies 0 by NaN.
zh: softmax 之后再把 NaN 换成零：数值对了，可反向传播时 0 乘 NaN 仍是 NaN。
"""

from __future__ import annotations

import torch
from torch import Tensor


def masked_softmax(scores: Tensor, mask: Tensor, dim: int = -1) -> Tensor:
    if mask.dtype == torch.bool:
        mask = torch.zeros(mask.shape, dtype=scores.dtype, device=mask.device).masked_fill(~mask, float("-inf"))
    return torch.softmax(scores + mask, dim=dim).nan_to_num(0.0)
