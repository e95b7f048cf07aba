# kata: transformer_encoder_layer
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class TransformerEncoderLayer(nn.Module):
    """One matrix for query, key and value; every mask becomes additive."""

    def __init__(self, d_model, num_heads, d_ff, dropout=0.0, norm_first=False):
        super().__init__()
        assert d_model % num_heads == 0, "d_model must be divisible by num_heads"
        self.h, self.dk = num_heads, d_model // num_heads
        self.norm_first = norm_first
        self.in_proj = nn.Linear(d_model, 3 * d_model)
        self.proj = nn.Linear(d_model, d_model)
        self.ffn = nn.Sequential(nn.Linear(d_model, d_ff), nn.ReLU(), nn.Dropout(dropout), nn.Linear(d_ff, d_model))
        self.ln1 = nn.LayerNorm(d_model)
        self.ln2 = nn.LayerNorm(d_model)
        self.drop1 = nn.Dropout(dropout)
        self.drop2 = nn.Dropout(dropout)

    def _bias(self, x, attn_mask, key_padding_mask):
        bias = torch.zeros(1, 1, 1, x.shape[1], dtype=x.dtype, device=x.device)
        if attn_mask is not None:
            m = attn_mask if attn_mask.dim() != 3 else attn_mask[:, None]
            if m.dtype is torch.bool:
                m = torch.zeros(m.shape, dtype=x.dtype, device=x.device).masked_fill(~m, -math.inf)
            bias = bias + m
        if key_padding_mask is not None:
            hide = torch.zeros(key_padding_mask.shape, dtype=x.dtype, device=x.device)
            bias = bias + hide.masked_fill(~key_padding_mask, -math.inf)[:, None, None]
        return bias

    def _attn(self, x, bias):
        B, T, C = x.size()
        q, k, v = self.in_proj(x).chunk(3, dim=-1)
        q, k, v = [t.view(B, T, self.h, self.dk).transpose(1, 2) for t in (q, k, v)]
        att = (q @ k.mT) * (1.0 / math.sqrt(self.dk)) + bias
        nothing = torch.isneginf(att).all(-1, keepdim=True)
        att = torch.where(nothing, torch.zeros_like(att), att)
        att = F.softmax(att, dim=-1) * (~nothing).to(x.dtype)
        y = (att @ v).transpose(1, 2).contiguous().view(B, T, C)
        return self.proj(y)

    def forward(self, x, attn_mask=None, key_padding_mask=None):
        bias = self._bias(x, attn_mask, key_padding_mask)
        if self.norm_first:
            x = x + self.drop1(self._attn(self.ln1(x), bias))
            return x + self.drop2(self.ffn(self.ln2(x)))
        x = self.ln1(x + self.drop1(self._attn(x, bias)))
        return self.ln2(x + self.drop2(self.ffn(x)))
