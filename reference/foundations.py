"""Foundations: the small functions that everything else in a Transformer is written with."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["cross_entropy", "masked_softmax"]


def masked_softmax(scores: Tensor, mask: Tensor, dim: int = -1) -> Tensor:
    """Softmax over the places that the mask leaves open; a row with no open place gives zeros, not NaN.

    weights_j = exp(scores_j) / sum of exp(scores_k) over the open k,  and 0 where j is closed.

    Shapes: scores (...), mask of any shape that broadcasts to it -> the shape, dtype and device of scores. A bool mask
    says True = may be attended; a float mask is added to the scores, so that -inf closes a place.
    Raises TypeError for a mask of ints: added, its ones and zeros would hide nothing.
    Source: Vaswani et al., "Attention Is All You Need" (2017), section 3.2.3 (masking out by -inf inside the softmax).
    """
    # exp ends at 88.7 in float32 and at 11.1 in float16: half precision is widened first, as torch's own softmax does.
    wide = scores.float() if scores.dtype in (torch.float16, torch.bfloat16) else scores  # (..., L, S)
    if mask.dtype == torch.bool:
        # Filled, not multiplied: a closed score must not matter, whatever stands there.
        wide = wide.masked_fill(~mask, float("-inf"))  # (..., L, S)
    elif mask.is_floating_point():
        wide = wide + mask  # (..., L, S)
    else:
        raise TypeError(f"the mask must be bool (True = may be attended) or float (added), not {mask.dtype}")
    # The largest open score becomes 0, so that no exp overflows and at least one term of every sum is exactly 1. It
    # cancels out of the quotient, and therefore needs no gradient.
    peak = wide.detach().amax(dim, keepdim=True)  # (..., L, 1)
    # In a row that is closed throughout the peak is -inf, and -inf - (-inf) would be NaN.
    peak = peak.masked_fill(peak == float("-inf"), 0.0)  # (..., L, 1)
    weights = torch.exp(wide - peak)  # (..., L, S): exactly 0 where closed
    total = weights.sum(dim, keepdim=True)  # (..., L, 1): 0 only in a closed row, at least 1 in any other
    # Made harmless before the division: 0 / 0 repaired afterwards would still send NaN through the gradient.
    total = total.masked_fill(total == 0, 1.0)  # (..., L, 1)
    return (weights / total).to(scores.dtype)  # (..., L, S)


def cross_entropy(input: Tensor, target: Tensor, ignore_index: int = -100, reduction: str = "mean") -> Tensor:
    """What the target costs under the distribution that softmax(input) describes: -log of its probability.

    loss = -input[target] + log(sum over c of exp(input[c])), or -sum over c of target[c] * log_softmax(input)[c].

    Shapes: input (N, C) or (N, C, d1, ...), logits; target (N) or (N, d1, ...) of int64, or probabilities of input's
    shape -> a scalar; (N) or (N, d1, ...) for reduction="none". Unit: nats. Places whose index is ignore_index cost 0
    and are not counted by the mean; when nothing is counted the mean is NaN, as in torch.
    Raises ValueError for shapes that do not fit and for an unknown reduction, IndexError for a class outside 0..C-1.
    Source: Bridle, "Probabilistic Interpretation of Feedforward Classification Network Outputs" (1990); conventions of
    torch.nn.functional.cross_entropy.
    """
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"reduction must be none, mean or sum, not {reduction!r}")
    # A sum over a vocabulary of 50 000 terms of about 1 does not fit into float16, which ends at 65 504.
    wide = input.float() if input.dtype in (torch.float16, torch.bfloat16) else input  # (N, C, ...)
    # Log and exp in one: log(softmax(x)) of a class that is 104 below the best is log(0) in float32; here it is -104.
    # The classes are axis 1 whatever follows, and every place has a maximum of its own.
    shifted = wide - wide.detach().amax(1, keepdim=True)  # (N, C, ...): the largest is 0
    log_probs = shifted - shifted.exp().sum(1, keepdim=True).log()  # (N, C, ...)
    if target.is_floating_point():
        if target.shape != input.shape:
            raise ValueError(f"probabilities must have input's shape {tuple(input.shape)}, not {tuple(target.shape)}")
        losses = -(target * log_probs).sum(1)  # (N, ...)
        counted = torch.ones_like(losses, dtype=torch.bool)  # (N, ...): there is no index that could be ignored
    else:
        if target.shape != input.shape[:1] + input.shape[2:]:
            raise ValueError(f"class indices of shape {tuple(target.shape)} do not fit logits {tuple(input.shape)}")
        counted = target != ignore_index  # (N, ...)
        # ignore_index need be no class at all (-100, 255), so a real class stands in for it while we gather.
        classes = target.masked_fill(~counted, 0)  # (N, ...)
        if bool(((classes < 0) | (classes >= input.shape[1])).any()):
            raise IndexError(f"a class outside 0..{input.shape[1] - 1} that is not ignore_index {ignore_index}")
        picked = log_probs.gather(1, classes.unsqueeze(1)).squeeze(1)  # (N, ...)
        # Filled, not multiplied: 0 * inf is NaN.
        losses = (-picked).masked_fill(~counted, 0.0)  # (N, ...)
    if reduction == "none":
        return losses.to(input.dtype)  # (N, ...)
    if reduction == "sum":
        return losses.sum().to(input.dtype)  # ()
    # By the places that count, not by N: else a batch with more padding would have smaller gradients.
    return (losses.sum() / counted.sum()).to(input.dtype)  # ()
