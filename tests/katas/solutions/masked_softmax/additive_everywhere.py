# Turns every mask into an additive one and works in the log domain.
import torch


def to_additive(mask, like):
    if mask.dtype != torch.bool:
        return mask
    zero = torch.zeros((), dtype=like.dtype, device=like.device)
    return torch.where(mask, zero, torch.full_like(zero, -torch.inf))


def masked_softmax(scores: torch.Tensor, mask: torch.Tensor, dim: int = -1) -> torch.Tensor:
    logits = scores + to_additive(mask, scores)
    dead = torch.isneginf(logits).all(dim, keepdim=True)
    safe = torch.where(dead, torch.zeros_like(logits), logits)
    log_z = torch.logsumexp(safe, dim=dim, keepdim=True)
    return torch.exp(safe - log_z) * (~dead)
