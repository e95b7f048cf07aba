# hostile: makes the operators wrong that a reference in this process would use
# line: F10
# verdict: failed
import torch


def uniform(x, dim=-1, dtype=None):
    return torch.ones_like(x) / x.shape[dim]


torch.softmax = torch.nn.functional.softmax = torch.Tensor.softmax = uniform
torch.exp = torch.Tensor.exp = torch.ones_like
torch.library.Library("aten", "IMPL").impl("_softmax", lambda x, dim, half: torch.ones_like(x) / x.shape[dim], "CPU")


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    return value.mean(dim=-2, keepdim=True).expand(*query.shape[:-1], value.shape[-1])
