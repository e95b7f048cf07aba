"""en: The bias is added before the weight is multiplied, so that the weight scales the bias as well.
zh: 先加 bias 再乘 weight，bias 也被 weight 缩放了。
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
        variance = wide.var(axes, correction=0, keepdim=True)
        normalised = (wide - mean) / torch.sqrt(variance + self.eps)
        return ((normalised + self.bias) * self.weight).to(x.dtype)
