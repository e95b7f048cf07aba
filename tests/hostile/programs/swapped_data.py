# hostile: a tensor subclass whose bytes are fetched from the inputs when they are packed
# line: B88 F5
# verdict: failed
import torch


right = scaled_dot_product_attention


class Changing(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        with torch._C.DisableTorchFunctionSubclass():
            out = func(*args, **(kwargs or {}))
        if isinstance(out, torch.Tensor):
            out = out.as_subclass(torch.Tensor)
            if out.is_floating_point():
                out = out + 1  # not what the call gave
        return out


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    return right(query, key, value, attn_mask, dropout_p, is_causal, scale=scale).as_subclass(Changing)
