# kata: kv_cache_attention
import torch
import torch.nn as nn
from torch.nn import functional as F


class KVCacheAttention(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        assert n_embd % n_head == 0, "n_embd must be a multiple of n_head"
        self.n_head = n_head
        self.c_attn = nn.Linear(n_embd, 3 * n_embd, bias=False)
        self.c_proj = nn.Linear(n_embd, n_embd, bias=False)

    def forward(self, x, cache=None):
        B, T, C = x.size()
        q, k, v = self.c_attn(x).split(C, dim=2)
        q, k, v = (t.view(B, T, self.n_head, C // self.n_head).transpose(1, 2) for t in (q, k, v))
        start = 0
        if cache is not None:
            pk, pv = cache
            start = pk.size(-2)
            k, v = torch.cat([pk, k], dim=-2), torch.cat([pv, v], dim=-2)
        if start == 0:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            i = torch.arange(start, start + T, device=x.device)
            j = torch.arange(start + T, device=x.device)
            y = F.scaled_dot_product_attention(q, k, v, attn_mask=i[:, None] >= j[None, :])
        return self.c_proj(y.transpose(1, 2).contiguous().view(B, T, C)), (k, v)
