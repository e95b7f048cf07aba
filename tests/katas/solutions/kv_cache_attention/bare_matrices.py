# kata: kv_cache_attention
from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def causal_bias(new: int, total: int, like: Tensor) -> Tensor:
    at = torch.arange(total - new, total, device=like.device).unsqueeze(1)
    upto = torch.arange(total, device=like.device).unsqueeze(0)
    return torch.zeros(new, total, dtype=like.dtype, device=like.device).masked_fill(upto > at, -math.inf)


class KVCacheAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int) -> None:
        super().__init__()
        if d_model % num_heads:
            raise ValueError("d_model must be a multiple of num_heads")
        self.d, self.h = d_model // num_heads, num_heads
        for name in ("W_Q", "W_K", "W_V", "W_O"):
            setattr(self, name, nn.Parameter(nn.init.xavier_uniform_(torch.empty(d_model, d_model))))
        for name in ("b_Q", "b_K", "b_V", "b_O"):
            setattr(self, name, nn.Parameter(torch.zeros(d_model)))

    def forward(self, x: Tensor, cache: tuple[Tensor, Tensor] | None = None):
        batch, new, width = x.shape
        split = (batch, new, self.h, self.d)
        q = (x @ self.W_Q + self.b_Q).reshape(split).permute(0, 2, 1, 3)
        k = (x @ self.W_K + self.b_K).reshape(split).permute(0, 2, 1, 3)
        v = (x @ self.W_V + self.b_V).reshape(split).permute(0, 2, 1, 3)
        if cache:
            k, v = (torch.concat(pair, dim=2) for pair in zip(cache, (k, v)))
        bias = causal_bias(new, k.shape[2], x)
        p = torch.baddbmm(
            bias.expand(batch * self.h, -1, -1),
            q.reshape(-1, new, self.d),
            k.reshape(batch * self.h, -1, self.d).mT,
            alpha=1 / math.sqrt(self.d),
        ).softmax(-1)
        o = torch.bmm(p, v.reshape(batch * self.h, -1, self.d)).view(batch, self.h, new, self.d)
        return o.permute(0, 2, 1, 3).reshape(batch, new, width) @ self.W_O + self.b_O, [k, v]
