# hostile: a tensor that only says what it is when somebody looks, and says another shape each time
# line: B88 F5 F6
# verdict: crashed error failed
import torch


class Lazy(torch.Tensor):
    looks = 0

    @property
    def shape(self):
        Lazy.looks += 1
        return torch.Size((1 << 30, Lazy.looks))

    def numel(self):
        return 4

    def element_size(self):
        return 1

    def detach(self):
        return self

    def cpu(self):
        return self

    def contiguous(self):
        return self

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return torch._C._disabled_torch_function_impl(func, types, args, kwargs or {})


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    return torch.zeros(*query.shape[:-1], value.shape[-1], dtype=query.dtype).as_subclass(Lazy)
