"""en: The variance is mean(x^2) - mean(x)^2: two large numbers cancel, and a common offset wipes out its digits.
zh: 方差按 mean(x²) − mean(x)² 计算，两个大数相减：共同的偏移一大，有效数字就丢光了。
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
        variance = wide.pow(2).mean(axes, keepdim=True) - mean.pow(2)
        normalised = (wide - mean) / torch.sqrt(variance.clamp_min(0) + self.eps)
        return (normalised * self.weight + self.bias).to(x.dtype)
