"""en: key_padding_mask is accepted and never used, so real tokens attend to the padding.
zh: 接收了 key_padding_mask 却没有使用，真实词元会去看填充。
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F


class TransformerEncoderLayer(nn.Module):
    def __init__(self, d_model: int, num_heads: int, d_ff: int, dropout: float = 0.0, norm_first: bool = False) -> None:
        super().__init__()
        if d_model % num_heads:
            raise ValueError(f"d_model {d_model} is not divisible by num_heads {num_heads}")
        self.num_heads, self.norm_first = num_heads, norm_first
        self.q_proj, self.k_proj = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.v_proj, self.out_proj = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.linear1, self.linear2 = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)
        self.norm1, self.norm2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, attn_mask: Tensor | None = None, key_padding_mask: Tensor | None = None) -> Tensor:
        if self.norm_first:
            x = x + self.dropout(self.attend(self.norm1(x), attn_mask, key_padding_mask))
            x = x + self.dropout(self.feed_forward(self.norm2(x)))
        else:
            x = self.norm1(x + self.dropout(self.attend(x, attn_mask, key_padding_mask)))
            x = self.norm2(x + self.dropout(self.feed_forward(x)))
        return x

    def attend(self, x: Tensor, attn_mask: Tensor | None, key_padding_mask: Tensor | None) -> Tensor:
        B, L, D = x.shape
        query = self.q_proj(x).view(B, L, self.num_heads, -1).transpose(1, 2)
        key = self.k_proj(x).view(B, L, self.num_heads, -1).transpose(1, 2)
        value = self.v_proj(x).view(B, L, self.num_heads, -1).transpose(1, 2)
        mask = attn_mask.unsqueeze(1) if attn_mask is not None and attn_mask.dim() == 3 else attn_mask
        heads = F.scaled_dot_product_attention(query, key, value, mask)
        out: Tensor = self.out_proj(heads.transpose(1, 2).reshape(B, L, D))
        return out

    def feed_forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.linear2(self.dropout(F.relu(self.linear1(x))))
        return out
