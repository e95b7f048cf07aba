"""en: Writes cosines into the even columns: sine and cosine have changed places.
zh: 把余弦写进了偶数列：正弦与余弦对调了位置。
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class SinusoidalPositionalEncoding(nn.Module):
    table: Tensor

    def __init__(self, d_model: int, max_len: int = 5000, dropout: float = 0.0) -> None:
        super().__init__()
        position = torch.arange(max_len).unsqueeze(1)
        frequency = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / d_model))
        table = torch.zeros(max_len, d_model)
        table[:, 0::2] = torch.cos(position * frequency)
        table[:, 1::2] = torch.sin(position * frequency)[:, : d_model // 2]
        self.register_buffer("table", table)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.dropout(x + self.table[: x.shape[1]])
        return out
