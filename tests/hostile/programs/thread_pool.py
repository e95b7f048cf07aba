# hostile: asks torch for ten thousand threads
# line: B21
# verdict: crashed
import torch


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    torch.set_num_threads(10_000)
    torch.ones(1 << 22).add_(1)
    return query
