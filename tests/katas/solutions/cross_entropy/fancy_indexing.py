# Classes moved to the end, everything flattened, targets picked by fancy indexing.
import torch


def cross_entropy(logits, labels, ignore_index=-100, reduction="mean"):
    C = logits.size(1)
    rows = logits.movedim(1, -1).reshape(-1, C)
    if labels.dtype.is_floating_point:
        q = labels.movedim(1, -1)
        loss = -(q.reshape(-1, C) * rows.log_softmax(-1)).sum(-1)
        n = loss.numel()
        out_shape = q.shape[:-1]
    else:
        assert labels.numel() == rows.size(0), "one label a row, please"
        y = labels.reshape(-1)
        valid = y.ne(ignore_index)
        logp = rows.log_softmax(-1)
        loss = torch.zeros_like(logp[:, 0])
        kept = valid.nonzero(as_tuple=True)[0]
        loss = loss.index_put((kept,), -logp[kept, y[kept]])
        n = valid.sum()
        out_shape = labels.shape
    if reduction == "none":
        return loss.reshape(out_shape)
    total = loss.sum()
    return total / n if reduction == "mean" else total
