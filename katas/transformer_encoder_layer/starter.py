# kata: transformer_encoder_layer
import torch
from torch import nn


class TransformerEncoderLayer(nn.Module):
    """Self-attention, then a position-wise feed-forward network, each with a residual connection and a LayerNorm.

    d_model: width D of every token
    num_heads: number of heads H; d_model must be divisible by it
    d_ff: inner width of the feed-forward network
    dropout: probability, active in training mode only
    norm_first: False = norm after each residual addition, True = norm before each sublayer

    Parameters, by the names that are looked for first: `q_proj`, `k_proj`, `v_proj`, `out_proj` (D -> D), `linear1`
    (D -> d_ff), `linear2` (d_ff -> D), `norm1` (around the attention), `norm2` (around the feed-forward network).
    """

    def __init__(self, d_model, num_heads, d_ff, dropout=0.0, norm_first=False):
        super().__init__()
        raise NotImplementedError

    def forward(self, x, attn_mask=None, key_padding_mask=None):
        """x (B, L, D) -> (B, L, D).

        attn_mask: (L, L), (B, L, L) or (B, H, L, L); bool, True = may be attended, or float, added to the scores
        key_padding_mask: (B, L), bool, True = a real token
        """
        raise NotImplementedError
