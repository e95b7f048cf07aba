"""en: Mean and variance are computed without gradient, as constants: the values are right, x's gradient is not.
zh: 均值和方差是在不记录梯度的情况下算出来的，被当成了常数：数值没错，x 的梯度错了。
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
        with torch.no_grad():
            mean = wide.mean(axes, keepdim=True)
            variance = wide.var(axes, correction=0, keepdim=True)
        normalised = (wide - mean) / torch.sqrt(variance + self.eps)
        return (normalised * self.weight + self.bias).to(x.dtype)
