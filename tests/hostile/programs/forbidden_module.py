# hostile: builds the forbidden module without its constructor, found among the subclasses of all modules
# line: F48
# verdict: forbidden
from torch import nn

found = [c for c in nn.Module.__subclasses__() if c.__name__ == "".join(reversed("noitnettAdaehitluM"))]


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    module = found[0].__new__(found[0])
    nn.Module.__init__(module)
    return module.forward(query, key, value)[0]
