"""torch's own encoder layer, held against the reference by `torchkata check`."""

import torch
from torch import Tensor, nn

from reference.blocks import TransformerEncoderLayer


def twin(
    module: TransformerEncoderLayer, x: Tensor, attn_mask: Tensor | None = None, key_padding_mask: Tensor | None = None
) -> Tensor | None:
    """The layer by torch.nn with the module's weights; None where a query may attend to nothing, which is NaN there."""
    B, L, D = x.shape
    H, d_ff = module.num_heads, module.linear1.out_features
    hidden = torch.zeros(B, H, L, L, dtype=x.dtype)  # additive, so that torch's reading of True plays no part
    if attn_mask is not None:
        mask = attn_mask.unsqueeze(1) if attn_mask.dim() == 3 else attn_mask
        hidden = hidden.masked_fill(~mask, float("-inf")) if mask.dtype == torch.bool else hidden + mask
    if key_padding_mask is not None:
        hidden = hidden.masked_fill(~key_padding_mask[:, None, None, :], float("-inf"))
    if bool((hidden == float("-inf")).all(dim=-1).any()):
        return None
    layer = nn.TransformerEncoderLayer(
        D, H, d_ff, dropout=0.0, batch_first=True, norm_first=module.norm_first, dtype=x.dtype
    )  # in training mode: without dropout it computes the same, and the fused inference path is left out
    ours = module.state_dict()
    projections = ("q_proj", "k_proj", "v_proj")
    theirs = {f"{name}.{part}": ours[f"{name}.{part}"] for name in SAME for part in ("weight", "bias")}
    for part in ("weight", "bias"):
        theirs[f"self_attn.in_proj_{part}"] = torch.cat([ours[f"{name}.{part}"] for name in projections])
        theirs[f"self_attn.out_proj.{part}"] = ours[f"out_proj.{part}"]
    layer.load_state_dict(theirs)
    out: Tensor = layer(x, src_mask=hidden.reshape(B * H, L, L))
    return out


SAME = ("linear1", "linear2", "norm1", "norm2")
