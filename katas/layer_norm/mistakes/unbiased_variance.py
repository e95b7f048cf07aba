"""en: The variance is divided by n - 1, not n, as var does by default: outputs are too small, width 1 gives NaN.
zh: 方差除以 n − 1（var 的默认做法）而不是 n：输出整体偏小，宽度为 1 时得到 NaN。
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
        variance = wide.var(axes, keepdim=True)
        normalised = (wide - mean) / torch.sqrt(variance + self.eps)
        return (normalised * self.weight + self.bias).to(x.dtype)
