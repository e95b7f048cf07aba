# hostile: registers kernels over the refusing ones that fall through to what lies below
# line: F48
# verdict: forbidden error
import torch

name = "".join(reversed("noitnetta_tcudorp_tod_delacs"))
library = torch.library.Library("aten", "IMPL")
for key in ("CPU", "AutogradCPU", "FuncTorchVmapMode"):
    try:
        library.impl(name, torch.library.fallthrough_kernel, key)
    except RuntimeError:
        pass


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    return getattr(torch.ops.aten, name)(query, key, value)
