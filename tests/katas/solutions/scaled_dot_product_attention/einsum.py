import torch
import torch.nn.functional as F


def scaled_dot_product_attention(q, k, v, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    d = q.shape[-1]
    factor = d ** -0.5 if scale is None else scale
    s = torch.einsum("...ld,...sd->...ls", q, k) * factor
    visible = torch.ones_like(s, dtype=torch.bool)
    if is_causal:
        rows = torch.arange(s.shape[-2], device=s.device)[:, None]
        cols = torch.arange(s.shape[-1], device=s.device)[None, :]
        visible = visible & (cols <= rows)
    if attn_mask is not None:
        if attn_mask.dtype is torch.bool:
            visible = visible & attn_mask
        else:
            visible = visible & (attn_mask != float("-inf"))
            s = s + attn_mask.masked_fill(attn_mask == float("-inf"), 0)
    # a very low finite number keeps softmax and its gradient finite; multiplying by the mask erases empty rows
    s = torch.where(visible, s, torch.finfo(s.dtype).min)
    p = F.softmax(s, dim=-1) * visible
    if dropout_p:
        p = F.dropout(p, p=dropout_p)
    return torch.einsum("...ls,...sv->...lv", p, v)
