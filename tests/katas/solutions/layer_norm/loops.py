# kata: layer_norm
import torch
from torch import nn


def normalise(row, eps):
    n = row.numel()
    mean = sum(row.unbind()) / n
    centred = row - mean
    variance = sum((d * d for d in centred.unbind())) / n
    return centred / torch.sqrt(variance + eps)


class LayerNorm(nn.Module):
    def __init__(self, normalized_shape, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.scale = nn.Parameter(torch.ones(normalized_shape))
        self.shift = nn.Parameter(torch.zeros(normalized_shape))

    def forward(self, x):
        dtype = x.dtype
        wide = x.float() if dtype in (torch.half, torch.bfloat16) else x
        rows = wide.reshape(-1, self.scale.numel()) if wide.numel() else wide.flatten(0, -2)
        if len(rows):
            rows = torch.stack([normalise(row, self.eps) for row in rows])
        return (rows.reshape(x.shape) * self.scale + self.shift).to(dtype)
