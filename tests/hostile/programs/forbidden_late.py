# hostile: imports torch's other attention, which is loaded only when it is asked for
# line: F48
# verdict: forbidden
import importlib

name = "".join(reversed("noitnetta_xelf"))
module = importlib.import_module("torch.nn.attention." + name)


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    return getattr(module, name)(query[None], key[None], value[None])[0]
