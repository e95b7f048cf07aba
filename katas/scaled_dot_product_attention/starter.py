# kata: scaled_dot_product_attention
from __future__ import annotations

import torch
from torch import Tensor


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
) -> Tensor:
    """Every query takes a weighted mean of the values.

    query (..., L, E), key (..., S, E), value (..., S, V) -> (..., L, V)
    attn_mask broadcasts to (..., L, S): bool, True = may be attended, or float, added to the scores.
    dropout_p drops weights whenever it is above 0; is_causal lets query i see the keys 0..i;
    scale is 1 / sqrt(E) when it is None. A query that may attend to nothing gives zeros.
    """
    raise NotImplementedError
