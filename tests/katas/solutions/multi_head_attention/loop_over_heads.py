import math
from typing import Optional

import torch
from torch import Tensor, nn


class Head(nn.Module):
    """One head: three thin projections and an attention."""

    def __init__(self, d_model: int, d_head: int, dropout: float):
        super().__init__()
        self.query = nn.Linear(d_model, d_head)
        self.key = nn.Linear(d_model, d_head)
        self.value = nn.Linear(d_model, d_head)
        self.dropout = nn.Dropout(dropout)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, bias: Optional[Tensor]) -> Tensor:
        q, k, v = self.query(query), self.key(key), self.value(value)
        scores = torch.bmm(q, k.transpose(1, 2)) / math.sqrt(q.size(-1))
        if bias is not None:
            scores = scores + bias
        dead = (scores == float("-inf")).all(dim=-1, keepdim=True)
        weights = torch.softmax(scores.masked_fill(dead, 0.0), dim=-1) * ~dead
        return torch.bmm(self.dropout(weights), v)


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int, dropout: float = 0.0):
        super().__init__()
        if d_model % num_heads:
            raise ValueError(f"num_heads={num_heads} does not divide d_model={d_model}")
        self.heads = nn.ModuleList(Head(d_model, d_model // num_heads, dropout) for _ in range(num_heads))
        self.fc_out = nn.Linear(d_model, d_model)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Optional[Tensor] = None,
        key_padding_mask: Optional[Tensor] = None,
    ) -> Tensor:
        bias = None
        if attn_mask is not None:
            bias = to_bias(attn_mask, query)
            if bias.dim() == 2:
                bias = bias[None, None]
            elif bias.dim() == 3:
                bias = bias[:, None]
            bias = bias.expand(-1, len(self.heads), -1, -1)
        if key_padding_mask is not None:
            padding = to_bias(key_padding_mask, query)[:, None, None, :]
            bias = padding.expand(-1, len(self.heads), -1, -1) if bias is None else bias + padding
        outputs = [
            head(query, key, value, None if bias is None else bias[:, number]) for number, head in enumerate(self.heads)
        ]
        return self.fc_out(torch.cat(outputs, dim=-1))


def to_bias(mask: Tensor, like: Tensor) -> Tensor:
    if mask.dtype != torch.bool:
        return mask
    return torch.zeros(mask.shape, dtype=like.dtype, device=like.device).masked_fill(~mask, float("-inf"))
