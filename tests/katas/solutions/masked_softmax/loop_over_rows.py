# One row at a time, in plain Python over the rows.
import torch
from torch import Tensor


def one_row(values: Tensor, allowed: Tensor) -> Tensor:
    result = torch.zeros_like(values)
    if not allowed.any():
        return result + 0.0 * values.detach()
    chosen = values[allowed]
    e = (chosen - chosen.max()).exp()
    index = allowed.nonzero().squeeze(-1)
    return result.index_copy(0, index, e / e.sum())


def masked_softmax(scores: Tensor, mask: Tensor, dim: int = -1) -> Tensor:
    mask = mask.broadcast_to(scores.shape)
    if mask.dtype == torch.bool:
        allowed = mask
    else:
        allowed = ~torch.isinf(mask)
        scores = scores + mask.clamp(min=torch.finfo(mask.dtype).min / 2)
    scores, allowed = scores.movedim(dim, -1), allowed.movedim(dim, -1)
    size = scores.shape
    rows = [
        one_row(row, keep) for row, keep in zip(scores.reshape(-1, size[-1]), allowed.reshape(-1, size[-1]), strict=True)
    ]
    return torch.stack(rows).reshape(size).movedim(-1, dim)
