# kata: kv_cache_attention
import torch
from torch import einsum


class KVCacheAttention(torch.nn.Module):
    """One (D, Dh) matrix a head, stacked; no biases."""

    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        head_dim, rest = divmod(d_model, num_heads)
        if rest:
            raise ValueError(f"{d_model} / {num_heads} leaves a rest of {rest}")
        make = lambda *shape: torch.nn.Parameter(torch.randn(*shape) / d_model**0.5)
        self.w_query = make(num_heads, d_model, head_dim)
        self.w_key = make(num_heads, d_model, head_dim)
        self.w_value = make(num_heads, d_model, head_dim)
        self.w_out = make(num_heads, head_dim, d_model)

    def forward(self, x, cache=None):
        q = einsum("bld,hde->bhle", x, self.w_query)
        k = einsum("bld,hde->bhle", x, self.w_key)
        v = einsum("bld,hde->bhle", x, self.w_value)
        if cache is not None:
            k = torch.cat((cache[0], k), 2)
            v = torch.cat((cache[1], v), 2)
        n, m = q.shape[2], k.shape[2]
        logits = einsum("bhie,bhje->bhij", q, k) * q.shape[-1] ** -0.5
        future = torch.ones(n, m, device=x.device).triu(m - n + 1).bool()
        logits = logits - future.to(logits.dtype) * 3e4
        attn = (logits - logits.amax(-1, keepdim=True)).exp()
        attn = attn / attn.sum(-1, keepdim=True)
        return einsum("bhij,bhje,hed->bid", attn, v, self.w_out), (k, v)
