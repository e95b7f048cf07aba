# Every column gets the angle of its pair; torch.where chooses sine or cosine. The table is a submodule of its own.
import torch
import torch.nn as nn


class Table(nn.Module):
    def __init__(self, rows, width):
        super().__init__()
        col = torch.arange(width)
        pair = torch.div(col, 2, rounding_mode="floor") * 2.0
        rad = torch.arange(rows)[:, None] / torch.pow(10_000.0, pair / width)[None, :]
        self.register_buffer("values", torch.where(col % 2 == 0, rad.sin(), rad.cos()))

    def forward(self, n):
        if n > len(self.values):
            raise IndexError(f"position {n - 1} is not in the table")
        return self.values[:n]


class SinusoidalPositionalEncoding(nn.Sequential):
    def __init__(self, d_model, max_len=5000, dropout=0.0):
        super().__init__(Table(max_len, d_model), nn.Dropout(dropout))

    def forward(self, x):
        table, drop = self
        return drop(x + table(x.shape[1]).unsqueeze(0))
