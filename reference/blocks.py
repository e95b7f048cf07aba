"""Blocks: what a Transformer layer is put together from, and the layer itself."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["LayerNorm", "TransformerEncoderLayer"]


class LayerNorm(nn.Module):
    """Normalises every position on its own, over its last axes, then scales and shifts feature by feature.

    y = (x - mean) / sqrt(variance + eps) * weight + bias, with mean and variance over the axes of `normalized_shape`.

    Shapes: x (..., *normalized_shape) -> the same shape, dtype and device; weight and bias (*normalized_shape).
    Raises ValueError when the last axes of x are not `normalized_shape`.
    Source: Ba, Kiros, Hinton, "Layer Normalization" (2016), section 3.
    """

    def __init__(self, normalized_shape: int | Sequence[int], eps: float = 1e-5) -> None:
        super().__init__()
        self.normalized_shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps = eps
        # One and zero: a fresh layer only normalises, and learns from there how much of that to undo.
        self.weight = nn.Parameter(torch.ones(self.normalized_shape))
        self.bias = nn.Parameter(torch.zeros(self.normalized_shape))

    def forward(self, x: Tensor) -> Tensor:
        """x (..., *normalized_shape) -> (..., *normalized_shape)."""
        count = len(self.normalized_shape)
        if tuple(x.shape[-count:]) != self.normalized_shape:
            raise ValueError(f"the last axes of x must be {self.normalized_shape}, x has the shape {tuple(x.shape)}")
        axes = tuple(range(-count, 0))
        # float16 ends at 65504: a deviation of 300 already squares past it, and the whole row would come out as zeros.
        wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x  # (..., *N)
        # Centre first, square afterwards: mean(x**2) - mean(x)**2 loses every digit when the mean is large.
        centred = wide - wide.mean(axes, keepdim=True)  # (..., *N)
        variance = centred.square().mean(axes, keepdim=True)  # (..., 1): divided by n, not by n - 1
        # eps stands under the root, so that the slope stays finite where the variance is zero.
        normalised = centred * torch.rsqrt(variance + self.eps)  # (..., *N)
        return (normalised * self.weight + self.bias).to(x.dtype)  # (..., *N)


class TransformerEncoderLayer(nn.Module):
    """Self-attention and a position-wise feed-forward network, each inside a residual connection with a LayerNorm.

    norm_first=False, the paper:      x = norm1(x + attention(x));  x = norm2(x + feed_forward(x))
    norm_first=True, later models:    x = x + attention(norm1(x));  x = x + feed_forward(norm2(x))

    Shapes: x (B, L, D) -> (B, L, D); attn_mask (L, L), (B, L, L) or (B, H, L, L), bool with True = may be attended,
    or float and added to the scores; key_padding_mask (B, L), bool, True = a real token. A query that may attend to
    nothing gets zeros before the output projection.
    Raises ValueError when d_model is not divisible by num_heads.
    Source: Vaswani et al., "Attention Is All You Need" (2017), sections 3.1, 3.3 and 5.4; norm_first: Xiong et al., "On
    Layer Normalization in the Transformer Architecture" (2020), section 3.
    """

    def __init__(self, d_model: int, num_heads: int, d_ff: int, dropout: float = 0.0, norm_first: bool = False) -> None:
        super().__init__()
        if d_model % num_heads:
            raise ValueError(f"d_model {d_model} is not divisible by num_heads {num_heads}")
        self.num_heads = num_heads
        self.norm_first = norm_first
        self.q_proj = nn.Linear(d_model, d_model)
        self.k_proj = nn.Linear(d_model, d_model)
        self.v_proj = nn.Linear(d_model, d_model)
        self.out_proj = nn.Linear(d_model, d_model)
        self.linear1 = nn.Linear(d_model, d_ff)  # widens, usually to 4 D
        self.linear2 = nn.Linear(d_ff, d_model)  # and comes back, so that the residual can be added
        self.norm1 = LayerNorm(d_model)
        self.norm2 = LayerNorm(d_model)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, attn_mask: Tensor | None = None, key_padding_mask: Tensor | None = None) -> Tensor:
        """x (B, L, D) -> (B, L, D)."""
        if self.norm_first:
            # The residual stream itself is never normalised: a gradient reaches the first layer unscaled.
            x = x + self.dropout(self._attend(self.norm1(x), attn_mask, key_padding_mask))  # (B, L, D)
            x = x + self.dropout(self._feed_forward(self.norm2(x)))  # (B, L, D)
        else:
            # A norm after every sum: what leaves the layer is normalised, and so is every gradient on its way down.
            x = self.norm1(x + self.dropout(self._attend(x, attn_mask, key_padding_mask)))  # (B, L, D)
            x = self.norm2(x + self.dropout(self._feed_forward(x)))  # (B, L, D)
        return x

    def _feed_forward(self, x: Tensor) -> Tensor:
        """The same two matrices at every position; without the ReLU between them they would collapse into one."""
        hidden = F.relu(self.linear1(x))  # (B, L, d_ff)
        out: Tensor = self.linear2(self.dropout(hidden))  # (B, L, D)
        return out

    def _attend(self, x: Tensor, attn_mask: Tensor | None, key_padding_mask: Tensor | None) -> Tensor:
        """Multi-head self-attention with both masks."""
        B, L, D = x.shape
        H, Dh = self.num_heads, D // self.num_heads
        # Split first, transpose afterwards: each head keeps consecutive features of every token.
        query = self.q_proj(x).view(B, L, H, Dh).transpose(1, 2)  # (B, H, L, Dh)
        key = self.k_proj(x).view(B, L, H, Dh).transpose(1, 2)  # (B, H, L, Dh)
        value = self.v_proj(x).view(B, L, H, Dh).transpose(1, 2)  # (B, H, L, Dh)
        scores = query @ key.transpose(-2, -1) / Dh**0.5  # (B, H, L, L)
        if attn_mask is not None:
            if attn_mask.dim() == 3:
                attn_mask = attn_mask.unsqueeze(1)  # (B, 1, L, L)
            if attn_mask.dtype == torch.bool:
                scores = scores.masked_fill(~attn_mask, float("-inf"))  # (B, H, L, L)
            else:
                scores = scores + attn_mask  # (B, H, L, L)
        if key_padding_mask is not None:
            # Keys, the last axis, are hidden; what a padded query computes is nobody's business.
            scores = scores.masked_fill(~key_padding_mask[:, None, None, :], float("-inf"))  # (B, H, L, L)
        # A row of -inf alone would be NaN after the softmax, in the gradient too: it is made harmless on both sides.
        blind = (scores == float("-inf")).all(dim=-1, keepdim=True)  # (B, H, L, 1)
        weights = torch.softmax(scores.masked_fill(blind, 0.0), dim=-1).masked_fill(blind, 0.0)  # (B, H, L, L)
        heads = self.dropout(weights) @ value  # (B, H, L, Dh)
        out: Tensor = self.out_proj(heads.transpose(1, 2).reshape(B, L, D))  # (B, L, D)
        return out
