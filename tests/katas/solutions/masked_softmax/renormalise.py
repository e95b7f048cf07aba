# Weighs by the mask after exp and divides by the einsum of what is left; the maximum is that of the open places.
import torch


def masked_softmax(scores, mask, dim=-1):
    if mask.is_floating_point():
        open_ = mask > -torch.inf
        scores = scores + mask.masked_fill(~open_, 0)
    else:
        open_ = mask
    open_ = torch.broadcast_to(open_, scores.shape)
    top = scores.masked_fill(~open_, -torch.inf).amax(dim, keepdim=True)
    top = torch.where(torch.isfinite(top), top, torch.zeros_like(top))
    e = torch.where(open_, scores - top, torch.full_like(scores, -torch.inf)).exp()
    rows = e.movedim(dim, -1)
    z = torch.einsum("...s->...", rows).unsqueeze(-1)
    return torch.where(z > 0, rows / z.clamp_min(torch.finfo(z.dtype).tiny), torch.zeros_like(rows)).movedim(-1, dim)
