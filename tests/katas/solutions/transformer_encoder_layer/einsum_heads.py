# kata: transformer_encoder_layer
import torch
from torch import einsum, nn


class TransformerEncoderLayer(nn.Module):
    # one matrix again, but head by head: q, k and v of head 0, then those of head 1, ...
    def __init__(self, dim, heads, hidden, dropout=0.0, norm_first=False):
        super().__init__()
        if dim % heads != 0:
            raise ValueError("dim is not a multiple of heads")
        self.heads = heads
        self.pre = norm_first
        self.to_qkv = nn.Linear(dim, dim * 3)
        self.to_out = nn.Linear(dim, dim)
        self.attn_norm = nn.LayerNorm(dim)
        self.ff_norm = nn.LayerNorm(dim)
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)
        self.p = dropout

    def drop(self, t):
        return nn.functional.dropout(t, self.p, self.training)

    def attention(self, x, attn_mask, key_padding_mask):
        b, n, d = x.shape
        qkv = self.to_qkv(x).unflatten(-1, (self.heads, 3, d // self.heads))
        q, k, v = qkv.unbind(3)  # b n h d
        sim = einsum("bihd,bjhd->bhij", q * (d // self.heads) ** -0.5, k)
        allowed = torch.ones(1, 1, 1, 1, dtype=torch.bool, device=x.device)
        if attn_mask is not None:
            while attn_mask.dim() < 4:
                attn_mask = attn_mask.unsqueeze(0) if attn_mask.dim() == 2 else attn_mask.unsqueeze(1)
            if attn_mask.dtype == torch.bool:
                allowed = allowed & attn_mask
            else:
                sim = sim + attn_mask
                allowed = allowed & ~attn_mask.isneginf()
        if key_padding_mask is not None:
            allowed = allowed & key_padding_mask[:, None, None]
        sim = sim.masked_fill(~allowed, torch.finfo(sim.dtype).min)
        # a row without a key is uniform here; multiplying by `allowed` empties it
        weights = sim.softmax(-1) * allowed
        out = einsum("bhij,bjhd->bihd", self.drop(weights), v)
        return self.to_out(out.flatten(2))

    def mlp(self, x):
        return self.fc2(self.fc1(x).relu())

    def forward(self, x, attn_mask=None, key_padding_mask=None):
        masks = (attn_mask, key_padding_mask)
        if self.pre:
            x = self.drop(self.attention(self.attn_norm(x), *masks)) + x
            x = self.drop(self.mlp(self.ff_norm(x))) + x
        else:
            x = self.attn_norm(self.drop(self.attention(x, *masks)) + x)
            x = self.ff_norm(self.drop(self.mlp(x)) + x)
        return x
