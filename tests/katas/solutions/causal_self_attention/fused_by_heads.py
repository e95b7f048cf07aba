import torch
from torch import nn


class CausalSelfAttention(nn.Module):
    """Query, key and value of a head stand side by side in one matrix; no biases; an additive mask in a buffer."""

    def __init__(self, d_model, num_heads, dropout=0.0):
        super().__init__()
        if d_model % num_heads:
            raise ValueError("d_model % num_heads must be 0")
        self.num_heads = num_heads
        self.to_qkv = nn.Linear(d_model, 3 * d_model, bias=False)
        self.to_out = nn.Linear(d_model, d_model, bias=False)
        self.drop = nn.Dropout(dropout)
        self.register_buffer("future", torch.full((64, 64), float("-inf")).triu(1), persistent=False)

    def forward(self, x):
        b, n, _ = x.shape
        qkv = self.to_qkv(x).reshape(b, n, self.num_heads, 3, -1)
        q, k, v = (t.transpose(1, 2) for t in qkv.unbind(dim=3))
        dots = torch.einsum("bhid,bhjd->bhij", q, k) * q.shape[-1] ** -0.5
        dots = dots + self.future[:n, :n].to(dots.dtype)
        out = torch.einsum("bhij,bhjd->bhid", self.drop(dots.softmax(dim=-1)), v)
        return self.to_out(out.transpose(1, 2).reshape(b, n, -1))
