# hostile: calls the kernels below the forbidden operator, every overload under every key
# line: F48
# verdict: forbidden error
import torch


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    space = torch.ops.aten
    for name in torch._C._dispatch_get_all_op_names():
        short = name.removeprefix("aten::").split(".")[0]
        if "".join(reversed("_tod_delacs")) in short and "back" not in short:
            operator = getattr(space, short).default
            for key_name in ("CPU", "AutogradCPU", "CompositeImplicitAutograd", "FuncTorchVmapMode"):
                if not torch._C._dispatch_has_kernel_for_dispatch_key(operator.name(), key_name):
                    continue  # such a call ends the process
                try:
                    found = operator._op_dk(getattr(torch._C.DispatchKey, key_name), query, key, value)
                except (RuntimeError, NotImplementedError, TypeError):
                    continue
                print("ESCAPED", name, key_name)
                return found[0] if isinstance(found, tuple) else found
    raise RuntimeError("nothing answered")
