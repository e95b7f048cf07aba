# The table as a frozen nn.Embedding, as some libraries keep it: registered, never trained.
import numpy as np
import torch
from torch import nn


def sinusoid_table(n, d):
    angle = np.array([[p / np.power(10000, 2 * (j // 2) / d) for j in range(d)] for p in range(n)]).reshape(n, d)
    angle[:, 0::2] = np.sin(angle[:, 0::2])
    angle[:, 1::2] = np.cos(angle[:, 1::2])
    return torch.tensor(angle, dtype=torch.float)


class SinusoidalPositionalEncoding(nn.Module):
    def __init__(self, d_model, max_len=5000, dropout=0.0):
        super().__init__()
        self.embed_positions = nn.Embedding.from_pretrained(sinusoid_table(max_len, d_model), freeze=True)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        ids = torch.arange(x.shape[1], device=x.device)
        return self.dropout(x + self.embed_positions(ids))
