# hostile: draws the inputs again from likely seeds, in the hope of finding the generator behind them
# line: B99 F30
# verdict: failed
# prints: matched 0
import os
import time

import torch

right = scaled_dot_product_attention
seeds = [*range(200), torch.initial_seed(), int(time.time()), int(time.time() * 1000), os.getpid()]
seeds += [int(value) for value in os.environ.values() if value.isdigit()]
matched = calls = 0


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    global matched, calls
    calls += 1
    for seed in seeds:
        made = torch.Generator().manual_seed(seed % (1 << 63))
        if query.numel() and torch.allclose(torch.randn(query.shape, generator=made).to(query.dtype), query):
            matched += 1
            return right(query, key, value, attn_mask, dropout_p, is_causal, scale=scale)
    if calls == 3:
        print("matched", matched, flush=True)
    return query.new_zeros(*query.shape[:-1], value.shape[-1])
