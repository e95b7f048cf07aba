"""en: Mean and variance are taken over the positions too, so that a position's result depends on its neighbours.
zh: 均值和方差把各位置也一起算了进去，一个位置的结果于是受相邻位置影响。
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
        wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        axes = tuple(range(1, x.dim())) if x.dim() > len(self.shape) else tuple(range(x.dim()))
        mean = wide.mean(axes, keepdim=True)
        variance = wide.var(axes, correction=0, keepdim=True)
        normalised = (wide - mean) / torch.sqrt(variance + self.eps)
        return (normalised * self.weight + self.bias).to(x.dtype)
