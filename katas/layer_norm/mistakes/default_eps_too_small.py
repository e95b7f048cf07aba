"""en: The default of eps is 1e-6 instead of 1e-5, which shows wherever the variance is tiny.
zh: eps 的默认值写成了 1e-6 而不是 1e-5，方差极小的地方就会露出差别。
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LayerNorm(nn.Module):
    def __init__(self, normalized_shape: int | tuple[int, ...], eps: float = 1e-6) -> None:
        super().__init__()
        self.shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(self.shape))
        self.bias = nn.Parameter(torch.zeros(self.shape))

    def forward(self, x: Tensor) -> Tensor:
        axes = tuple(range(-len(self.shape), 0))
        wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        mean = wide.mean(axes, keepdim=True)
        variance = wide.var(axes, correction=0, keepdim=True)
        normalised = (wide - mean) / torch.sqrt(variance + self.eps)
        return (normalised * self.weight + self.bias).to(x.dtype)
