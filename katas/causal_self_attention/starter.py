# kata: causal_self_attention
from __future__ import annotations

import torch
from torch import Tensor, nn


class CausalSelfAttention(nn.Module):
    """Attends from every token to itself and to those before it, with num_heads heads."""

    def __init__(self, d_model: int, num_heads: int, dropout: float = 0.0) -> None:
        """Expected parameters: q_proj, k_proj, v_proj and out_proj, each an nn.Linear(d_model, d_model).

        Other usual names, one fused matrix for query, key and value, and layers without bias are recognised too.
        A d_model that num_heads does not divide is refused here, with a sentence.
        """
        super().__init__()
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """x (B, L, D) -> (B, L, D), for any length L."""
        raise NotImplementedError
