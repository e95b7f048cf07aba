"""en: Heads are made by a view without a transpose: they cut the sequence, and the mask falls on pieces of tokens.
zh: 拆头只用 view 而没有转置：切开的是序列，掩码落在词元的碎片上。
"""

import math

import torch
from torch import Tensor, nn


class CausalSelfAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        if d_model % num_heads != 0:
            raise ValueError("d_model must be divisible by num_heads")
        self.num_heads = num_heads
        self.head_dim = d_model // num_heads
        self.q_proj = nn.Linear(d_model, d_model)
        self.k_proj = nn.Linear(d_model, d_model)
        self.v_proj = nn.Linear(d_model, d_model)
        self.out_proj = nn.Linear(d_model, d_model)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        B, L, D = x.shape
        q = self.q_proj(x).view(B, self.num_heads, L, self.head_dim)
        k = self.k_proj(x).view(B, self.num_heads, L, self.head_dim)
        v = self.v_proj(x).view(B, self.num_heads, L, self.head_dim)

        scores = q @ k.transpose(-2, -1) / math.sqrt(self.head_dim)
        past = torch.ones(L, L, dtype=torch.bool, device=x.device).tril()
        scores = scores.masked_fill(~past, -math.inf)
        weights = torch.softmax(scores, dim=-1)
        context = self.dropout(weights) @ v
        out: Tensor = self.out_proj(context.reshape(B, L, D))
        return out
