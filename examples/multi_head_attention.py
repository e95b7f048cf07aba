# kata: multi_head_attention
# A sample submission, the way a learner might write it: names of its own, heads split with view and transpose.
import math

import torch
import torch.nn as nn


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, dropout=0.0):
        super().__init__()
        if d_model % num_heads != 0:
            raise ValueError(f"d_model={d_model} cannot be split into {num_heads} heads")
        self.h = num_heads
        self.d_k = d_model // num_heads
        self.w_q = nn.Linear(d_model, d_model)
        self.w_k = nn.Linear(d_model, d_model)
        self.w_v = nn.Linear(d_model, d_model)
        self.fc_out = nn.Linear(d_model, d_model)
        self.dropout = nn.Dropout(dropout)

    def split(self, x):
        b, n, _ = x.shape
        return x.view(b, n, self.h, self.d_k).transpose(1, 2)  # (b, h, n, d_k)

    def forward(self, query, key, value, attn_mask=None, key_padding_mask=None):
        b, n, d = query.shape
        q = self.split(self.w_q(query))
        k = self.split(self.w_k(key))
        v = self.split(self.w_v(value))

        scores = q @ k.transpose(-2, -1) / math.sqrt(self.d_k)  # (b, h, n, s)

        # True = may be attended; a float mask is added to the scores.
        allowed = torch.ones_like(scores, dtype=torch.bool)
        if attn_mask is not None:
            if attn_mask.dim() == 3:
                attn_mask = attn_mask.unsqueeze(1)
            if attn_mask.dtype == torch.bool:
                allowed = allowed & attn_mask
            else:
                scores = scores + attn_mask
                allowed = allowed & (attn_mask != float("-inf"))
        if key_padding_mask is not None:
            allowed = allowed & key_padding_mask[:, None, None, :]
        scores = scores.masked_fill(~allowed, float("-inf"))

        # A row that may attend to nothing gives zeros, not NaN.
        nothing = ~allowed.any(dim=-1, keepdim=True)
        weights = torch.softmax(scores.masked_fill(nothing, 0.0), dim=-1).masked_fill(nothing, 0.0)
        weights = self.dropout(weights)

        out = (weights @ v).transpose(1, 2).reshape(b, n, d)
        return self.fc_out(out)
