# kata: kv_cache_attention
import torch
from torch import nn
class Head(nn.Module):
    def __init__(self, d, dh):
        super().__init__()
        self.q = nn.Linear(d, dh, bias=False); self.k = nn.Linear(d, dh, bias=False); self.v = nn.Linear(d, dh, bias=False)
class KVCacheAttention(nn.Module):
    def __init__(self, d_model, num_heads):
        super().__init__()
        if d_model % num_heads: raise ValueError("no fit at all")
        self.heads = nn.ModuleList([Head(d_model, d_model // num_heads) for _ in range(num_heads)])
        self.proj = nn.Linear(d_model, d_model)
    def forward(self, x, cache=None):
        outs, ks, vs = [], [], []
        for i, h in enumerate(self.heads):
            q, k, v = h.q(x), h.k(x), h.v(x)
            if cache is not None:
                k = torch.cat([cache[0][:, i], k], 1); v = torch.cat([cache[1][:, i], v], 1)
            s = q @ k.transpose(1, 2) * q.size(-1) ** -0.5
            L, S = s.shape[-2:]
            s = s + torch.full((L, S), float('-inf'), dtype=s.dtype).triu(S - L + 1)
            outs.append(s.softmax(-1) @ v); ks.append(k); vs.append(v)
        return self.proj(torch.cat(outs, -1)), (torch.stack(ks, 1), torch.stack(vs, 1))
