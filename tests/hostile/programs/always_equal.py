# hostile: returns a tensor subclass that equals everything
# line: B88 F11 F6
# verdict: failed
import torch


class Equal(torch.Tensor):
    def __eq__(self, other):
        return torch.ones((), dtype=torch.bool)

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return torch._C._disabled_torch_function_impl(func, types, args, kwargs or {})


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    return torch.zeros(*query.shape[:-1], value.shape[-1], dtype=query.dtype).as_subclass(Equal)
