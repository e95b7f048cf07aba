# hostile: reaches the forbidden operator through vmap, whose kernel for it hands on to none of the ordinary ones
# line: F48
# verdict: forbidden
import torch

hidden = "".join(reversed("noitnetta_tcudorp_tod_delacs"))


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    function = torch.nn.functional.__dict__.get(str(hidden))
    return torch.vmap(function)(query[None], key[None], value[None])[0]
