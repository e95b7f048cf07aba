"""en: nan_to_num mends the value of a fully masked row, but softmax has made NaN, and its gradient stays NaN.
zh: nan_to_num 只修好了全遮行的数值；softmax 已经产生 NaN，反向传播的梯度仍是 NaN。
"""

import math

import torch
from torch import Tensor, nn


class MultiHeadAttention(nn.Module):
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

    def split(self, x: Tensor) -> Tensor:
        return x.reshape(x.size(0), x.size(1), self.num_heads, self.head_dim).transpose(1, 2)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        key_padding_mask: Tensor | None = None,
    ) -> Tensor:
        B, L, D = query.shape
        q = self.split(self.q_proj(query))
        k = self.split(self.k_proj(key))
        v = self.split(self.v_proj(value))

        scores = q @ k.transpose(-2, -1) / math.sqrt(self.head_dim)
        if attn_mask is not None:
            if attn_mask.dim() == 3:
                attn_mask = attn_mask.unsqueeze(1)
            if attn_mask.dtype == torch.bool:
                scores = scores + torch.zeros_like(scores).masked_fill(~attn_mask, -math.inf)
            else:
                scores = scores + attn_mask
        if key_padding_mask is not None:
            padding = torch.zeros_like(scores).masked_fill(~key_padding_mask[:, None, None, :], -math.inf)
            scores = scores + padding

        weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
        context = self.dropout(weights) @ v
        out: Tensor = self.out_proj(context.transpose(1, 2).reshape(B, L, D))
        return out
