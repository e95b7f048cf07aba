# hostile: makes every comparison in its process true, and the clock stand still
# line: B86 B87 F7 F9
# verdict: failed
import time
import unittest.mock

import torch

torch.allclose = torch.equal = torch.isclose = lambda *args, **kwargs: True
torch.testing.assert_close = lambda *args, **kwargs: None
torch.Tensor.__eq__ = lambda self, other: torch.ones_like(self, dtype=torch.bool)
time.time = time.monotonic = time.perf_counter = lambda: 0.0


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    return query.new_zeros(*query.shape[:-1], value.shape[-1])
