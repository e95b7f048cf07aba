import torch
import torch.nn as nn
import torch.nn.functional as F


class MultiHeadAttention(nn.Module):
    """One (3D, D) matrix for query, key and value, cut into three at every call; no biases."""

    def __init__(self, d_model, num_heads, dropout=0.0):
        super().__init__()
        if d_model % num_heads != 0:
            raise ValueError("embed dim must be divisible by the number of heads")
        self.num_heads, self.p = num_heads, dropout
        self.in_proj_weight = nn.Parameter(torch.empty(3 * d_model, d_model))
        self.output = nn.Linear(d_model, d_model, bias=False)
        nn.init.xavier_uniform_(self.in_proj_weight)

    def forward(self, query, key, value, attn_mask=None, key_padding_mask=None):
        wq, wk, wv = self.in_proj_weight.chunk(3)
        bs, tgt, dim = query.shape
        src = key.shape[1]
        head_dim = dim // self.num_heads
        # heads are folded into the batch, as torch's own module does
        q = F.linear(query, wq).reshape(bs, tgt, self.num_heads, head_dim).permute(0, 2, 1, 3).reshape(-1, tgt, head_dim)
        k = F.linear(key, wk).reshape(bs, src, self.num_heads, head_dim).permute(0, 2, 1, 3).reshape(-1, src, head_dim)
        v = F.linear(value, wv).reshape(bs, src, self.num_heads, head_dim).permute(0, 2, 1, 3).reshape(-1, src, head_dim)
        scores = torch.bmm(q, k.transpose(1, 2)).view(bs, self.num_heads, tgt, src) * head_dim**-0.5
        for mask in self._masks(attn_mask, key_padding_mask):
            if mask.dtype == torch.bool:
                scores = scores.masked_fill(~mask, float("-inf"))
            else:
                scores = scores + mask
        top = scores.max(-1, keepdim=True)[0]
        blind = top == float("-inf")
        weights = F.softmax(torch.where(blind, torch.zeros_like(scores), scores), -1)
        weights = torch.where(blind, torch.zeros_like(weights), weights)
        weights = F.dropout(weights, self.p, self.training)
        mixed = torch.bmm(weights.view(-1, tgt, src), v).view(bs, self.num_heads, tgt, head_dim)
        return self.output(mixed.permute(0, 2, 1, 3).contiguous().view(bs, tgt, dim))

    @staticmethod
    def _masks(attn_mask, key_padding_mask):
        if attn_mask is not None:
            yield attn_mask[:, None] if attn_mask.dim() == 3 else attn_mask
        if key_padding_mask is not None:
            yield key_padding_mask[:, None, None, :]
