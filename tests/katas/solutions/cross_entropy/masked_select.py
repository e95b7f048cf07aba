# Drops the ignored places first, then averages what is left.
import torch


def cross_entropy(input, target, ignore_index=-100, reduction="mean"):
    logp = torch.nn.LogSoftmax(dim=1)(input)
    if target.is_floating_point():
        nll = (-target * logp).sum(1)
        if reduction == "none":
            return nll
        return nll.mean() if reduction == "mean" else nll.sum()
    keep = target != ignore_index
    nll = -logp.gather(1, (target * keep).unsqueeze(1))[:, 0]
    if reduction == "none":
        return nll * keep
    kept = torch.masked_select(nll, keep)
    return kept.mean() if reduction == "mean" else kept.sum()
