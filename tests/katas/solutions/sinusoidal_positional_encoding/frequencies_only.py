# Keeps only the frequencies; the angles of as many positions as there are come anew with every call.
import torch
from torch import nn


class SinusoidalPositionalEncoding(nn.Module):
    def __init__(self, d_model, max_len=5000, dropout=0.0):
        super().__init__()
        self.max_len = max_len
        self.width = d_model
        self.register_buffer("inv_freq", 1.0 / 10000 ** (torch.arange(0, d_model, 2, dtype=torch.float64) / d_model))
        self.dropout = nn.Dropout(dropout)

    def _apply(self, fn, *args, **kwargs):
        kept = self.inv_freq
        super()._apply(fn, *args, **kwargs)
        self.inv_freq = kept.to(self.inv_freq.device)  # the frequencies stay in float64
        return self

    def forward(self, x):
        if x.shape[1] > self.max_len:
            raise RuntimeError("too many positions")
        t = torch.arange(x.shape[1], device=x.device, dtype=self.inv_freq.dtype)
        angle = torch.outer(t, self.inv_freq)
        table = torch.stack((angle.sin(), angle.cos()), dim=-1).flatten(-2)[:, : self.width]
        return self.dropout(x + table.to(x))
