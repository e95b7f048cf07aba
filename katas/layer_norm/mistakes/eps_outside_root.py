"""en: eps is added to the standard deviation, outside the root; a constant row then has no defined gradient.
zh: eps 加在标准差上，即根号外面：分量变了，而且各特征相等的行上梯度没有定义。
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
        deviation = torch.sqrt(wide.var(axes, correction=0, keepdim=True))
        normalised = (wide - mean) / (deviation + self.eps)
        return (normalised * self.weight + self.bias).to(x.dtype)
