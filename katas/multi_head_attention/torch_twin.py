"""torch's own module, called by our conventions: its boolean masks say True for what is blocked."""

import math

import torch
from torch import Tensor, nn

from reference.attention import MultiHeadAttention


def twin(
    module: MultiHeadAttention,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    key_padding_mask: Tensor | None = None,
) -> Tensor | None:
    """What torch gives; None where dropout is active or a query has nothing to attend to: torch's NaN is not ours."""
    weights = dict(module.named_parameters())
    B, L, D = query.shape
    S, H = key.size(1), module.num_heads
    if module.training and module.dropout:
        return None
    penalty = _penalty(B, H, L, S, attn_mask, key_padding_mask).to(query)  # (B, H, L, S)
    if bool((penalty == -math.inf).all(dim=-1).any()):
        return None

    theirs = nn.MultiheadAttention(D, H, batch_first=True, dtype=query.dtype)
    names = ("q_proj", "k_proj", "v_proj")
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([weights[f"{name}.weight"] for name in names]))
        theirs.in_proj_bias.copy_(torch.cat([weights[f"{name}.bias"] for name in names]))
        theirs.out_proj.weight.copy_(weights["out_proj.weight"])
        theirs.out_proj.bias.copy_(weights["out_proj.bias"])
    out: Tensor = theirs(query, key, value, attn_mask=penalty.flatten(0, 1), need_weights=False)[0]
    return out


def _penalty(B: int, H: int, L: int, S: int, attn_mask: Tensor | None, key_padding_mask: Tensor | None) -> Tensor:
    """Both masks as one that is added to the scores."""
    penalty = torch.zeros(B, H, L, S, dtype=torch.float64)
    if attn_mask is not None:
        mask = attn_mask.unsqueeze(1) if attn_mask.dim() == 3 else attn_mask
        penalty = penalty.masked_fill(~mask, -math.inf) if mask.dtype == torch.bool else penalty + mask
    if key_padding_mask is not None:
        penalty = penalty.masked_fill(~key_padding_mask[:, None, None, :], -math.inf)
    return penalty
