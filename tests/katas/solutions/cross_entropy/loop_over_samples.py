# The definition, one place after another.
import itertools

import torch


def log_probability(row, c):
    m = row.max()
    return row[c] - m - torch.log(torch.exp(row - m).sum())


def cross_entropy(input, target, ignore_index=-100, reduction="mean"):
    soft = target.is_floating_point()
    C = input.shape[1]
    last = input.movedim(1, -1)
    places = list(itertools.product(*map(range, last.shape[:-1])))
    if soft and target.shape != input.shape:
        raise ValueError("probabilities and logits have different shapes")
    if not soft and target.numel() != len(places):
        raise ValueError("targets and logits have different shapes")
    per_place = []
    counted = 0
    for at in places:
        row = last[at]
        if soft:
            probabilities = target.movedim(1, -1)[at]
            per_place.append(-sum(probabilities[c] * log_probability(row, c) for c in range(C)))
            counted += 1
        elif int(target[at]) == ignore_index:
            per_place.append(row.new_zeros(()))
        else:
            per_place.append(-log_probability(row, int(target[at])))
            counted += 1
    stacked = torch.stack(per_place)
    if reduction == "none":
        return stacked.reshape(last.shape[:-1])
    if reduction == "sum":
        return stacked.sum()
    return stacked.sum() / counted if counted else stacked.sum() * float("nan")
