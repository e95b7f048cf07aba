"""en: Gives every column a frequency of its own: sine and cosine of a pair must share one, else shifts do not rotate.
zh: 每一列各用一个频率：一对正弦与余弦须同频，否则平移就不再是旋转。
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
        frequency = torch.exp(torch.arange(d_model) * (-math.log(10000.0) / d_model))
        table = torch.zeros(max_len, d_model)
        table[:, 0::2] = torch.sin(position * frequency[0::2])
        table[:, 1::2] = torch.cos(position * frequency[1::2])
        self.register_buffer("table", table)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.dropout(x + self.table[: x.shape[1]])
        return out
