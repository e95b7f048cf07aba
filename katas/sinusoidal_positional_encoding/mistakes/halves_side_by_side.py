"""en: Puts all sines first and all cosines behind them: here sine and cosine of a frequency stand side by side.
zh: 先放全部正弦、再放全部余弦：本题约定同一频率的正弦与余弦相邻。
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
        angle = position * frequency
        table = torch.cat([torch.sin(angle), torch.cos(angle)[:, : d_model // 2]], dim=1)
        self.register_buffer("table", table)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.dropout(x + self.table[: x.shape[1]])
        return out
