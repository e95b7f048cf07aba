"""Position: how a layer that treats its input as a set learns where each token stands."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["SinusoidalPositionalEncoding"]


class SinusoidalPositionalEncoding(nn.Module):
    """Adds to every token a vector that is fixed by its position: clocks of different speed, read as sine and cosine.

    table[p, 2i] = sin(p / 10000^(2i / d_model)),  table[p, 2i + 1] = cos(p / 10000^(2i / d_model));  output = x + table

    Shapes: x (B, L, d_model) -> the same shape, dtype and device. An odd width ends with a sine. No parameters.
    Raises ValueError when L is more than max_len.
    Source: Vaswani et al., "Attention Is All You Need" (2017), section 3.5; dropout on the sum: section 5.4.
    """

    table: Tensor

    def __init__(self, d_model: int, max_len: int = 5000, dropout: float = 0.0) -> None:
        super().__init__()
        # In float32 the angles of positions in the thousands are off by 1e-4: made and kept in float64, rounded once.
        position = torch.arange(max_len, dtype=torch.float64).unsqueeze(1)  # (max_len, 1)
        even = torch.arange(0, d_model, 2, dtype=torch.float64)  # (ceil(D / 2),): 2i, one number a pair of columns
        # Wavelengths from 2 pi to nearly 10000 * 2 pi: the first pair tells neighbours apart, the last one far places.
        frequency = 10000.0 ** (-even / d_model)  # (ceil(D / 2),)
        angle = position * frequency  # (max_len, ceil(D / 2))
        table = torch.zeros(max_len, d_model, dtype=torch.float64)  # (max_len, D)
        table[:, 0::2] = angle.sin()
        table[:, 1::2] = angle[:, : d_model // 2].cos()  # an odd width has one cosine fewer
        # A buffer follows the module to its device and dtype and is never trained; it can always be computed again, so
        # checkpoints need not carry it, and one of another max_len still loads.
        self.register_buffer("table", table, persistent=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, L, D) -> (B, L, D)."""
        length = x.shape[1]
        if length > self.table.shape[0]:
            raise ValueError(f"x has {length} positions, the table was made for {self.table.shape[0]} (max_len)")
        # Positions are axis 1. Taken along the batch axis, all tokens of a sentence would receive the same vector.
        positions = self.table[:length].to(x.dtype)  # (L, D), broadcast over the batch
        out: Tensor = self.dropout(x + positions)  # (B, L, D)
        return out
