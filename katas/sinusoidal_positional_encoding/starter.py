# kata: sinusoidal_positional_encoding
from __future__ import annotations

import torch
from torch import Tensor, nn


class SinusoidalPositionalEncoding(nn.Module):
    """Adds to every token a fixed vector of sines and cosines that depends on its position alone."""

    def __init__(self, d_model: int, max_len: int = 5000, dropout: float = 0.0) -> None:
        """Expected parameters: none. The table is a buffer; its name and its leading axes are yours to choose."""
        super().__init__()
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """x (B, L, d_model) -> dropout(x + table), the same shape; more than max_len positions are refused."""
        raise NotImplementedError
