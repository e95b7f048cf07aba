"""en: The mean is never subtracted: dividing by the root mean square is RMSNorm, not LayerNorm.
zh: 没有减去均值：只除以均方根，那是 RMSNorm，不是 LayerNorm。
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LayerNorm(nn.Module):
    def __init__(self, normalized_shape: int | tuple[int, ...], eps: float = 1e-5) -> None:
        super().__init__()
        self.shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(self.shape))
        self.bias = nn.Parameter(torch.zeros(self.shape))

    def forward(self, x: Tensor) -> Tensor:
        axes = tuple(range(-len(self.shape), 0))
        wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        square = wide.pow(2).mean(axes, keepdim=True)
        normalised = wide / torch.sqrt(square + self.eps)
        return (normalised * self.weight + self.bias).to(x.dtype)
