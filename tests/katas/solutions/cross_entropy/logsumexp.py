# log Z minus the chosen logit, written with torch.logsumexp.
import torch


class _Reducer:
    def __init__(self, how):
        self.how = how

    def __call__(self, values, count):
        if self.how == "none":
            return values
        if self.how == "sum":
            return values.sum()
        if self.how == "mean":
            return values.sum() / count
        raise ValueError("unknown reduction " + repr(self.how))


def cross_entropy(x, y, ignore_index=-100, reduction="mean"):
    reduce = _Reducer(reduction)
    log_z = torch.logsumexp(x, dim=1)
    if torch.is_floating_point(y):
        expected = (y * x).sum(dim=1)
        mass = y.sum(dim=1)
        return reduce(mass * log_z - expected, log_z.numel())
    ignored = y == ignore_index
    index = y.clone()
    index[ignored] = 0
    if index.max() >= x.shape[1]:
        raise IndexError("there is no class %d" % index.max())
    chosen = torch.take_along_dim(x, index.unsqueeze(1), dim=1).squeeze(1)
    values = torch.where(ignored, torch.zeros_like(log_z), log_z - chosen)
    return reduce(values, (~ignored).sum())
