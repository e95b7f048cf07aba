"""en: The squares are taken in float16, where all above 65504 is infinite: large inputs give the bias alone.
zh: 平方是在 float16 里算的，超过 65504 就成了无穷大：输入较大时，输出只剩下偏置。
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
        centred = x - x.mean(axes, keepdim=True)
        variance = centred.pow(2).mean(axes, keepdim=True)
        return centred / torch.sqrt(variance + self.eps) * self.weight + self.bias
