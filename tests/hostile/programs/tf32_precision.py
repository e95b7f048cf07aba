# hostile: rounds the inputs of the products to ten bits, as TF32 does
# line: F41
# verdict: failed
import torch

right = scaled_dot_product_attention  # noqa: F821 the honest solution stands before this file


def rounded(x):
    if x.dtype != torch.float32:
        return x
    return ((x.detach().view(torch.int32) + 0x1000) & ~0x1FFF).view(torch.float32) + (x - x.detach())


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    return right(rounded(query), rounded(key), rounded(value), attn_mask, dropout_p, is_causal, scale=scale)
