import torch
import torch.nn as nn


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, dropout=0.0):
        super().__init__()
        assert d_model % num_heads == 0, f"{d_model} is not a multiple of {num_heads}"
        self.h = num_heads
        self.dk = d_model // num_heads
        self.Wq = nn.Linear(d_model, d_model)
        self.Wk = nn.Linear(d_model, d_model)
        self.Wv = nn.Linear(d_model, d_model)
        self.Wo = nn.Linear(d_model, d_model)
        self.drop = nn.Dropout(dropout)

    def heads(self, t):
        return t.view(t.shape[0], t.shape[1], self.h, self.dk)

    def forward(self, q, k, v, attn_mask=None, key_padding_mask=None):
        Q, K, V = self.heads(self.Wq(q)), self.heads(self.Wk(k)), self.heads(self.Wv(v))
        energy = torch.einsum("blhd,bshd->bhls", Q, K) / self.dk**0.5
        allowed = torch.ones_like(energy, dtype=torch.bool)
        if attn_mask is not None:
            if attn_mask.ndim == 3:
                attn_mask = attn_mask[:, None]
            if attn_mask.is_floating_point():
                energy = energy + attn_mask
                allowed = allowed & (attn_mask != -torch.inf)
            else:
                allowed = allowed & attn_mask
        if key_padding_mask is not None:
            allowed = allowed & key_padding_mask[:, None, None]
        energy = energy.masked_fill(~allowed, torch.finfo(energy.dtype).min)
        attention = energy.softmax(dim=-1).masked_fill(~allowed, 0)
        out = torch.einsum("bhls,bshd->blhd", self.drop(attention), V)
        return self.Wo(out.flatten(-2))
