"""en: A triangle of ones and zeros is added to the scores: the past gains 1, and nothing is hidden.
zh: 把 0/1 三角矩阵直接加到分数上：过去的分数只是多了 1，什么也没有遮住。
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
        q = self.q_proj(x).view(B, L, self.num_heads, self.head_dim).transpose(1, 2)
        k = self.k_proj(x).view(B, L, self.num_heads, self.head_dim).transpose(1, 2)
        v = self.v_proj(x).view(B, L, self.num_heads, self.head_dim).transpose(1, 2)

        scores = q @ k.transpose(-2, -1) / math.sqrt(self.head_dim)
        past = torch.ones(L, L, dtype=x.dtype, device=x.device).tril()
        scores = scores + past
        weights = torch.softmax(scores, dim=-1)
        context = self.dropout(weights) @ v
        out: Tensor = self.out_proj(context.transpose(1, 2).reshape(B, L, D))
        return out
