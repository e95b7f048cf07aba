# Entry by entry with the math module; dropout by torch.nn.functional.
import math
from torch import nn, tensor
from torch.nn import functional as F


def entry(position, column, width):
    angle = position / 10000 ** (2 * (column // 2) / width)
    return math.cos(angle) if column % 2 else math.sin(angle)


class SinusoidalPositionalEncoding(nn.Module):
    def __init__(self, d_model: int, max_len: int = 5000, dropout: float = 0.0) -> None:
        super().__init__()
        self.max_len, self.p = max_len, dropout
        rows = [[entry(p, c, d_model) for c in range(d_model)] for p in range(max_len)]
        self.register_buffer("positions", tensor(rows), persistent=True)

    def forward(self, embeddings):
        B, L, D = embeddings.shape
        if L > self.max_len:
            raise ValueError(f"sequence of {L} is longer than {self.max_len}")
        summed = embeddings + self.positions[None, :L, :].expand(B, L, D).to(embeddings.dtype)
        return F.dropout(summed, self.p, training=self.training)
