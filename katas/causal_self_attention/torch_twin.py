"""torch's own operator between the same projections."""

from torch import Tensor
from torch.nn import functional as F

from reference.attention import CausalSelfAttention


def twin(module: CausalSelfAttention, x: Tensor) -> Tensor | None:
    """What torch gives; None where dropout is active."""
    if module.training and module.dropout:
        return None
    weights = dict(module.named_parameters())
    B, L, D = x.shape
    H = module.num_heads

    def project(name: str, inputs: Tensor) -> Tensor:
        return F.linear(inputs, weights[f"{name}.weight"], weights[f"{name}.bias"])

    q, k, v = (project(name, x).view(B, L, H, D // H).transpose(1, 2) for name in ("q_proj", "k_proj", "v_proj"))
    context = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    return project("out_proj", context.transpose(1, 2).reshape(B, L, D))
