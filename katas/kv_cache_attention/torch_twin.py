"""torch's own fused attention with its lower-right causal mask, held against the reference by `torchkata check`."""

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.attention.bias import causal_lower_right

from reference.inference import KVCacheAttention


def twin(
    module: KVCacheAttention, x: Tensor, cache: tuple[Tensor, Tensor] | None = None
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """The attention by torch over the past and the new keys and values."""
    query, key, value = (
        projection(x).unflatten(-1, (module.num_heads, -1)).transpose(1, 2)
        for projection in (module.q_proj, module.k_proj, module.v_proj)
    )
    if cache is not None:
        key, value = torch.cat((cache[0], key), dim=2), torch.cat((cache[1], value), dim=2)
    mask = causal_lower_right(query.size(2), key.size(2))
    heads = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    return module.out_proj(heads.transpose(1, 2).flatten(2)), (key, value)
