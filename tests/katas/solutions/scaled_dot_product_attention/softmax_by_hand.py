import math
from typing import Optional

import torch


def safe_softmax(z: torch.Tensor) -> torch.Tensor:
    m = z.max(dim=-1, keepdim=True).values.detach()
    m = torch.where(torch.isinf(m), torch.zeros_like(m), m)
    e = torch.exp(z - m)
    total = e.sum(dim=-1, keepdim=True)
    return e / torch.where(total == 0, torch.ones_like(total), total)


def scaled_dot_product_attention(
    queries: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    attn_mask: Optional[torch.Tensor] = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: Optional[float] = None,
) -> torch.Tensor:
    root = math.sqrt(queries.shape[-1])
    logits = queries @ keys.mT
    logits = logits / root if scale is None else logits * scale
    if attn_mask is not None:
        if attn_mask.dtype == torch.bool:
            logits = logits.masked_fill(attn_mask.logical_not(), float("-inf"))
        else:
            logits = logits + attn_mask
    if is_causal:
        future = torch.ones(logits.shape[-2:], dtype=torch.bool, device=logits.device).triu(diagonal=1)
        logits = logits.masked_fill(future, float("-inf"))
    weights = safe_softmax(logits)
    if dropout_p > 0:
        keep = torch.rand_like(weights) >= dropout_p
        weights = weights * keep / (1 - dropout_p)
    return weights @ values
