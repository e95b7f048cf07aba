# hostile: dispatch and function modes that stay on: comparisons answer yes, gradients and dtypes are what they were not
# line: F5 F9 F11
# verdict: failed
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode


class Agreeable(TorchFunctionMode):
    def __torch_function__(self, function, types, args=(), kwargs=None):
        if getattr(function, "__name__", "") in ("equal", "allclose", "isclose"):
            return True
        return function(*args, **(kwargs or {}))


class Zero(TorchDispatchMode):
    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        return made


Agreeable().__enter__()
Zero().__enter__()
honest = scaled_dot_product_attention  # noqa: F821


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    return honest(query, key, value, attn_mask, dropout_p, is_causal, scale=scale) * 1.01
