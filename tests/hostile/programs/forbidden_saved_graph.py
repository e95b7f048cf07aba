# hostile: compiles a graph out of a string that calls the forbidden operator
# line: F48
# verdict: forbidden
import torch

name = "_".join(("scaled", "dot", "product", "attention"))
unit = torch.jit.CompilationUnit(
    f"def f(q, k, v):\n    # type: (Tensor, Tensor, Tensor) -> Tensor\n    return torch.ops.aten.{name}(q, k, v)\n"
)


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    return unit.f(query, key, value)
