"""Attention as it is right: the plain operator, several heads of it, and the causal layer of a language model.

Names of lengths: B batch, H heads, L queries, S keys, D model width, E width of a query and a key, V width of a value.
Boolean masks say what may be attended (True); float masks are added to the scores. A query that may attend to nothing
gets zeros, and so do its gradients.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
) -> Tensor:
    """softmax(query key^T * scale + mask) value: every query takes a weighted mean of the values.

    Shapes:
        query (..., L, E), key (..., S, E), value (..., S, V) -> (..., L, V).
        attn_mask broadcasts to (..., L, S): bool, True = may be attended, or float, added to the scores.
    Arguments:
        dropout_p: probability that a weight is dropped, whenever it is above 0: a function has no training mode.
        is_causal: query i sees the keys 0..i (aligned at the top left), together with attn_mask when both are given.
        scale: factor of the scores; 1 / sqrt(E) when it is None.
    A query that may attend to nothing gives zeros and zero gradients.
    Source: Vaswani et al., Attention Is All You Need (2017), section 3.2.1.
    """
    L, S = query.size(-2), key.size(-2)
    if scale is None:  # not `scale or ...`: a scale of 0 is a scale
        # A sum of E products of unit variance has variance E: the root brings it back to 1, else softmax saturates.
        scale = 1 / math.sqrt(query.size(-1))

    # Scaling the query first costs L * E products, not L * S, and keeps the sums of half precision from overflowing.
    scores = (query * scale) @ key.transpose(-2, -1)  # (..., L, S)

    if is_causal:
        past = torch.ones(L, S, dtype=torch.bool, device=query.device).tril()  # row i: True up to column i
        scores = scores.masked_fill(~past, -math.inf)
    if attn_mask is not None:
        if attn_mask.dtype == torch.bool:
            scores = scores.masked_fill(~attn_mask, -math.inf)
        else:
            scores = scores + attn_mask

    # A row of nothing but -inf would be 0 / 0 = NaN. It passes softmax as a row of zeros, so that no NaN is ever made,
    # and its weights are erased behind: replacing NaN afterwards mends the value and leaves NaN in the gradient.
    nothing = (scores == -math.inf).all(dim=-1, keepdim=True)  # (..., L, 1)
    weights = torch.softmax(scores.masked_fill(nothing, 0.0), dim=-1)  # (..., L, S): each query's row sums to one
    weights = weights.masked_fill(nothing, 0.0)

    if dropout_p > 0:
        weights = nn.functional.dropout(weights, dropout_p)  # what stays is scaled by 1 / (1 - dropout_p)
    return weights @ value  # (..., L, S) @ (..., S, V) -> (..., L, V)


class MultiHeadAttention(nn.Module):
    """Several attentions side by side, each on its own slice of the projected width, then mixed by one matrix.

    Shapes:
        query (B, L, D), key (B, S, D), value (B, S, D) -> (B, L, D).
        attn_mask (L, S), (B, L, S) or (B, H, L, S), where an axis may have length 1 and is then broadcast;
        bool, True = may be attended, or float, added to the scores.
        key_padding_mask (B, S): bool, True = a real token.
    Head h works on the channels h * D / H to (h + 1) * D / H of the projections. Dropout falls on the attention
    weights, in training mode only. A query that may attend to nothing gets the bias of the output projection.
    Raises ValueError when d_model is not divisible by num_heads.
    Source: Vaswani et al., Attention Is All You Need (2017), section 3.2.2.
    """

    def __init__(self, d_model: int, num_heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        if d_model % num_heads != 0:
            raise ValueError(f"d_model ({d_model}) must be divisible by num_heads ({num_heads})")
        self.num_heads = num_heads
        self.dropout = dropout
        # One D by D matrix holds the H matrices of D by D / H of the paper, stacked: one product instead of H.
        self.q_proj = nn.Linear(d_model, d_model)
        self.k_proj = nn.Linear(d_model, d_model)
        self.v_proj = nn.Linear(d_model, d_model)
        self.out_proj = nn.Linear(d_model, d_model)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        key_padding_mask: Tensor | None = None,
    ) -> Tensor:
        """Attends from query to key and value; shapes as above."""
        q = self._split(self.q_proj(query))  # (B, H, L, D / H)
        k = self._split(self.k_proj(key))  # (B, H, S, D / H)
        v = self._split(self.v_proj(value))  # (B, H, S, D / H)

        mask = self._merge_masks(attn_mask, key_padding_mask)  # broadcasts to (B, H, L, S)
        dropout_p = self.dropout if self.training else 0.0
        context = scaled_dot_product_attention(q, k, v, mask, dropout_p)  # (B, H, L, D / H)

        merged = context.transpose(1, 2).flatten(2)  # (B, L, H, D / H) -> (B, L, D): the heads of a token side by side
        out: Tensor = self.out_proj(merged)  # (B, L, D): without it the heads would never meet
        return out

    def _split(self, x: Tensor) -> Tensor:
        # A view straight to (B, H, T, D / H) has the right shape too, but it cuts the sequence instead of the width:
        # a head would see some of the tokens whole, not a part of every token.
        B, T, D = x.shape
        return x.reshape(B, T, self.num_heads, D // self.num_heads).transpose(1, 2)  # (B, H, T, D / H)

    @staticmethod
    def _merge_masks(attn_mask: Tensor | None, key_padding_mask: Tensor | None) -> Tensor | None:
        if attn_mask is not None and attn_mask.dim() == 3:
            attn_mask = attn_mask.unsqueeze(1)  # (B, L, S) -> (B, 1, L, S): else B would be taken for H
        if key_padding_mask is None:
            return attn_mask
        real = key_padding_mask[:, None, None, :]  # (B, 1, 1, S): hides keys, from every head and every query
        if attn_mask is None:
            return real
        if attn_mask.dtype == torch.bool:
            return attn_mask & real
        return torch.where(real, attn_mask, -math.inf)


class CausalSelfAttention(nn.Module):
    """Multi-head attention of a sequence to itself in which no token sees a later one: the attention of a GPT.

    Shapes:
        x (B, L, D) -> (B, L, D), for any L.
    Dropout falls on the attention weights, in training mode only.
    Raises ValueError when d_model is not divisible by num_heads.
    Source: Vaswani et al., Attention Is All You Need (2017), section 3.2.3; as the only attention of a model: Radford
    et al., Improving Language Understanding by Generative Pre-Training (2018), section 3.1.
    """

    def __init__(self, d_model: int, num_heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        if d_model % num_heads != 0:
            raise ValueError(f"d_model ({d_model}) must be divisible by num_heads ({num_heads})")
        self.num_heads = num_heads
        self.dropout = dropout
        self.q_proj = nn.Linear(d_model, d_model)
        self.k_proj = nn.Linear(d_model, d_model)
        self.v_proj = nn.Linear(d_model, d_model)
        self.out_proj = nn.Linear(d_model, d_model)

    def forward(self, x: Tensor) -> Tensor:
        """Attends from every token to itself and to those before it; shapes as above."""
        q = self._split(self.q_proj(x))  # (B, H, L, D / H), as are k and v
        k = self._split(self.k_proj(x))
        v = self._split(self.v_proj(x))
        dropout_p = self.dropout if self.training else 0.0
        # The mask is made for the length at hand: nothing to register, nothing to outgrow. The diagonal stays, so that
        # even the first token has one key, and no row is empty.
        context = scaled_dot_product_attention(q, k, v, dropout_p=dropout_p, is_causal=True)  # (B, H, L, D / H)
        out: Tensor = self.out_proj(context.transpose(1, 2).flatten(2))  # (B, L, D)
        return out

    def _split(self, x: Tensor) -> Tensor:
        B, L, D = x.shape
        return x.reshape(B, L, self.num_heads, D // self.num_heads).transpose(1, 2)  # (B, H, L, D / H)
