# hostile: loads torch's own sources a second time, where a forbidden function would have its old body
# line: F48
# verdict: forbidden
import importlib
import sys

import torch

name = "".join(reversed("noitnettAdaehitluM"))
fresh = importlib.reload(torch.nn.modules.activation)
del sys.modules["torch.nn.modules.activation"]
again = importlib.import_module("torch.nn.modules.activation")
torch._C._add_docstr = lambda function, text: function
try:
    importlib.reload(torch.nn.functional)
except RuntimeError:
    pass


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    for module in (fresh, again):
        try:
            return getattr(module, name)(query.shape[-1], 1)(query, key, value)[0]
        except RuntimeError:
            pass
    return query
