# kata: kv_cache_attention
import torch
from torch import nn


class KVCacheAttention(nn.Module):
    """Causal multi-head self-attention that can go on from the keys and values of the tokens before.

    d_model: width D of every token
    num_heads: number of heads H; d_model must be divisible by it, Dh = D / H

    Parameters, by the names that are looked for first: `q_proj`, `k_proj`, `v_proj`, `out_proj`, linear layers D -> D,
    each with or without a bias.
    """

    def __init__(self, d_model, num_heads):
        super().__init__()
        raise NotImplementedError

    def forward(self, x, cache=None):
        """x (B, L, D), the new tokens -> out (B, L, D), (k, v).

        cache: None, or (k, v), each (B, H, T, Dh), for the T tokens that came before
        The returned k and v are (B, H, T + L, Dh): those of the cache, then those of x.
        """
        raise NotImplementedError
