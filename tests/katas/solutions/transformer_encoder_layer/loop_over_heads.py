# kata: transformer_encoder_layer
import torch
from torch import nn


class Norm(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(d))
        self.beta = nn.Parameter(torch.zeros(d))

    def forward(self, x):
        y = x - x.mean(-1, keepdim=True)
        return self.gamma * y / (y.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt() + self.beta


class TransformerEncoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff, dropout=0.0, norm_first=False):
        super().__init__()
        if d_model % num_heads != 0:
            raise ValueError("d_model % num_heads != 0")
        self.heads, self.norm_first = num_heads, norm_first
        std = d_model**-0.5
        self.Wq = nn.Parameter(torch.randn(d_model, d_model) * std)
        self.Wk = nn.Parameter(torch.randn(d_model, d_model) * std)
        self.Wv = nn.Parameter(torch.randn(d_model, d_model) * std)
        self.Wo = nn.Parameter(torch.randn(d_model, d_model) * std)
        self.w1 = nn.Linear(d_model, d_ff)
        self.w2 = nn.Linear(d_ff, d_model)
        self.norm1 = Norm(d_model)
        self.norm2 = Norm(d_model)
        self.dropout = nn.Dropout(dropout)

    def attend(self, x, attn_mask, key_padding_mask):
        q, k, v = x @ self.Wq, x @ self.Wk, x @ self.Wv
        size = x.size(-1) // self.heads
        outs = []
        for head in range(self.heads):
            part = slice(head * size, (head + 1) * size)
            scores = torch.bmm(q[..., part], k[..., part].transpose(1, 2)) / size**0.5
            if attn_mask is not None:
                mask = attn_mask[:, head] if attn_mask.dim() == 4 else attn_mask
                scores = scores.masked_fill(mask.logical_not(), -torch.inf) if mask.dtype == torch.bool else scores + mask
            if key_padding_mask is not None:
                scores = scores.masked_fill(~key_padding_mask.unsqueeze(1), -torch.inf)
            # subtracting a maximum of at least -1e4 and dividing by a sum of at least tiny keeps empty rows at zero
            top = scores.detach().amax(-1, keepdim=True).clamp(min=-1e4)
            weights = torch.exp(scores - top)
            weights = weights / weights.sum(-1, keepdim=True).clamp(min=torch.finfo(x.dtype).tiny)
            outs.append(torch.bmm(self.dropout(weights), v[..., part]))
        return torch.cat(outs, dim=-1) @ self.Wo

    def forward(self, x, attn_mask=None, key_padding_mask=None):
        def ff(t):
            return self.w2(self.dropout(torch.relu(self.w1(t))))

        if self.norm_first:
            x = x + self.dropout(self.attend(self.norm1(x), attn_mask, key_padding_mask))
            x = x + self.dropout(ff(self.norm2(x)))
        else:
            x = self.norm1(x + self.dropout(self.attend(x, attn_mask, key_padding_mask)))
            x = self.norm2(x + self.dropout(ff(x)))
        return x
