import torch
from torch import nn


class MultiHeadAttention(nn.Module):
    """x @ W with bare parameters, W standing the other way round than in nn.Linear."""

    def __init__(self, d_model: int, num_heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        if d_model % num_heads:
            raise ValueError(f"cannot cut {d_model} channels into {num_heads} equal heads")
        self.n_head = num_heads
        bound = d_model**-0.5
        for name in ("W_Q", "W_K", "W_V", "W_O"):
            setattr(self, name, nn.Parameter(torch.empty(d_model, d_model).uniform_(-bound, bound)))
        for name in ("b_Q", "b_K", "b_V", "b_O"):
            setattr(self, name, nn.Parameter(torch.zeros(d_model)))
        self.attn_dropout = nn.Dropout(dropout)

    def forward(self, query, key, value, attn_mask=None, key_padding_mask=None):
        q = torch.stack((query @ self.W_Q + self.b_Q).chunk(self.n_head, dim=-1), dim=1)
        k = torch.stack((key @ self.W_K + self.b_K).chunk(self.n_head, dim=-1), dim=1)
        v = torch.stack((value @ self.W_V + self.b_V).chunk(self.n_head, dim=-1), dim=1)
        att = (q / q.shape[-1] ** 0.5) @ k.transpose(-1, -2)
        mask = self._merge(attn_mask, key_padding_mask, att)
        att = att + mask
        rows = mask.isneginf().all(-1, keepdim=True)
        att = torch.where(rows, torch.zeros((), dtype=att.dtype, device=att.device), att)
        att = torch.softmax(att, dim=-1)
        att = torch.where(rows, torch.zeros((), dtype=att.dtype, device=att.device), att)
        y = self.attn_dropout(att) @ v
        y = torch.cat(y.unbind(dim=1), dim=-1)
        return y @ self.W_O + self.b_O

    def _merge(self, attn_mask, key_padding_mask, att):
        total = att.new_zeros(att.shape)
        if attn_mask is not None:
            while attn_mask.dim() < 4:
                attn_mask = attn_mask.unsqueeze(-3)
            if attn_mask.dtype == torch.bool:
                total = total.masked_fill(attn_mask.logical_not(), float("-inf"))
            else:
                total = total + attn_mask
        if key_padding_mask is not None:
            total = total.masked_fill(key_padding_mask.logical_not().unsqueeze(1).unsqueeze(1), float("-inf"))
        return total
