# kata: multi_head_attention
from __future__ import annotations

import torch
from torch import Tensor, nn


class MultiHeadAttention(nn.Module):
    """Attends with num_heads heads side by side, then mixes them with one matrix."""

    def __init__(self, d_model: int, num_heads: int, dropout: float = 0.0) -> None:
        """Expected parameters: q_proj, k_proj, v_proj and out_proj, each an nn.Linear(d_model, d_model).

        Other usual names, one fused matrix for query, key and value, and layers without bias are recognised too.
        A d_model that num_heads does not divide is refused here, with a sentence.
        """
        super().__init__()
        raise NotImplementedError

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        key_padding_mask: Tensor | None = None,
    ) -> Tensor:
        """query (B, L, D), key (B, S, D), value (B, S, D) -> (B, L, D)

        attn_mask (L, S), (B, L, S) or (B, H, L, S): bool, True = may be attended, or float, added to the scores.
        key_padding_mask (B, S): bool, True = a real token.
        """
        raise NotImplementedError
