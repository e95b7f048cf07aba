import torch
from torch import Tensor, nn


class CausalSelfAttention(nn.Module):
    """No mask at all: position t is only ever shown the tokens up to t."""

    def __init__(self, d_model: int, num_heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        if d_model % num_heads != 0:
            raise ValueError(f"{d_model} channels do not make {num_heads} equal heads")
        self.heads = num_heads
        self.query = nn.Linear(d_model, d_model)
        self.key = nn.Linear(d_model, d_model)
        self.value = nn.Linear(d_model, d_model)
        self.proj = nn.Linear(d_model, d_model)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor) -> Tensor:
        batch, length, width = hidden.shape
        shape = (batch, length, self.heads, width // self.heads)
        q = self.query(hidden).reshape(shape)
        k = self.key(hidden).reshape(shape)
        v = self.value(hidden).reshape(shape)
        rows = []
        for t in range(length):
            scores = (q[:, t : t + 1] * k[:, : t + 1]).sum(-1) / shape[-1] ** 0.5  # (batch, t + 1, heads)
            weights = self.dropout(torch.softmax(scores, dim=1))
            rows.append((weights.unsqueeze(-1) * v[:, : t + 1]).sum(dim=1).flatten(1))
        return self.proj(torch.stack(rows, dim=1))
