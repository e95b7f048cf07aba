"""en: Tensor std plus eps stands for sqrt(variance + eps): the deviation is unbiased, and eps is outside the root.
zh: 用 std 加 eps 代替 sqrt(方差 + eps)：标准差成了无偏的，eps 也落在了根号外面。
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
        mean = wide.mean(axes, keepdim=True)
        deviation = wide.std(axes, keepdim=True)
        normalised = (wide - mean) / (deviation + self.eps)
        return (normalised * self.weight + self.bias).to(x.dtype)
