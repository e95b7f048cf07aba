"""torch's own operator, called by our conventions."""

from torch import Tensor
from torch.nn import functional as F


def twin(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
) -> Tensor | None:
    """What torch gives; None where it drops weights at random, and where it refuses: a mask beside is_causal."""
    if dropout_p > 0 or (is_causal and attn_mask is not None):
        return None
    return F.scaled_dot_product_attention(query, key, value, attn_mask, is_causal=is_causal, scale=scale)
