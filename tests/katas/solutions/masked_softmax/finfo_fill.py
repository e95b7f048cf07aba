# Fills with the lowest finite number, then closes the same places once more behind the softmax.
import torch
import torch.nn.functional as F


def masked_softmax(x, m, dim=-1):
    if m.dtype is torch.bool:
        keep = m
    else:
        keep = m != float("-inf")
        x = x + torch.where(keep, m, torch.zeros_like(m))
    keep = keep.expand_as(x)
    filled = x.masked_fill(keep.logical_not(), torch.finfo(x.dtype).min)
    return F.softmax(filled, dim=dim).masked_fill(keep.logical_not(), 0)
