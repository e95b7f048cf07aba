# The usual three lines: -inf, softmax of rows that were made harmless, zeros.
from torch import Tensor, bool as boolean


def masked_softmax(attention_scores: Tensor, attention_mask: Tensor, dim: int = -1) -> Tensor:
    minus_infinity = float("-inf")
    if attention_mask.dtype == boolean:
        attention_scores = attention_scores.masked_fill(~attention_mask, minus_infinity)
    else:
        attention_scores = attention_scores + attention_mask
    nothing_left = attention_scores.eq(minus_infinity).all(dim=dim, keepdim=True)
    probabilities = attention_scores.masked_fill(nothing_left, 0.0).softmax(dim=dim)
    return probabilities.masked_fill(nothing_left, 0.0)
