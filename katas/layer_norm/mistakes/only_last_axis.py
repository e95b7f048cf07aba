"""en: Only the last axis is normalised although normalized_shape names several.
zh: normalized_shape 有好几个轴，却只在最后一个轴上做了归一化。
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
        mean = wide.mean(-1, keepdim=True)
        variance = wide.var(-1, correction=0, keepdim=True)
        normalised = (wide - mean) / torch.sqrt(variance + self.eps)
        return (normalised * self.weight + self.bias).to(x.dtype)
