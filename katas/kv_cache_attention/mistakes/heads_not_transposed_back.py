"""en: The heads are merged without transposing back: with more than one token the features of tokens are mixed up.
zh: 合并各头之前没有转置回来：词元多于一个时，各词元的特征混在了一起。
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class KVCacheAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int) -> None:
        super().__init__()
        if d_model % num_heads:
            raise ValueError(f"d_model {d_model} is not divisible by num_heads {num_heads}")
        self.num_heads = num_heads
        self.q_proj = nn.Linear(d_model, d_model)
        self.k_proj = nn.Linear(d_model, d_model)
        self.v_proj = nn.Linear(d_model, d_model)
        self.out_proj = nn.Linear(d_model, d_model)

    def forward(self, x: Tensor, cache: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        B, L, D = x.shape
        H, Dh = self.num_heads, D // self.num_heads
        query = self.q_proj(x).view(B, L, H, Dh).transpose(1, 2)
        key = self.k_proj(x).view(B, L, H, Dh).transpose(1, 2)
        value = self.v_proj(x).view(B, L, H, Dh).transpose(1, 2)
        if cache is not None:
            key = torch.cat((cache[0], key), dim=2)
            value = torch.cat((cache[1], value), dim=2)
        S = key.size(2)
        scores = query @ key.transpose(-2, -1) / Dh**0.5
        mask = torch.ones(L, S, dtype=torch.bool, device=x.device).tril(S - L)
        scores = scores.masked_fill(~mask, float("-inf"))
        heads = torch.softmax(scores, dim=-1) @ value
        out = self.out_proj(heads.reshape(B, L, D))
        return out, (key, value)
