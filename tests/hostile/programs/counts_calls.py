# hostile: predicts its inputs from the number of the call
# line: F35 F30
# verdict: failed
import torch

right = scaled_dot_product_attention  # noqa: F821 the honest solution stands before this file
calls = 0


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    global calls
    calls += 1
    torch.manual_seed(calls)
    guess = [torch.randn(t.shape, dtype=t.dtype) for t in (query, key, value)]
    return right(*guess, attn_mask, dropout_p, is_causal, scale=scale)
