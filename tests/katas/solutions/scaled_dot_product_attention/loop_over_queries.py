import torch


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    """One query at a time, in float32 at least, as one would write it on a whiteboard."""
    L, S = query.shape[-2], key.shape[-2]
    if scale is None:
        scale = query.shape[-1] ** -0.5
    work = torch.promote_types(query.dtype, torch.float32)
    if attn_mask is not None:
        attn_mask = attn_mask.expand(*query.shape[:-2], L, S)
    outputs = []
    for i in range(L):
        row = (key.to(work) * query[..., i, None, :].to(work)).sum(-1) * scale  # (..., S)
        if attn_mask is not None:
            m = attn_mask[..., i, :]
            row = row.masked_fill(~m, -torch.inf) if m.dtype == torch.bool else row + m
        if is_causal and i + 1 < S:
            row = torch.cat([row[..., : i + 1], torch.full_like(row[..., i + 1 :], -torch.inf)], dim=-1)
        none_left = (row == -torch.inf).all(-1, keepdim=True)
        w = torch.where(none_left, torch.zeros_like(row), row).softmax(-1)
        w = torch.where(none_left, torch.zeros_like(w), w)
        if dropout_p > 0:
            w = torch.nn.functional.dropout(w, dropout_p, training=True)
        outputs.append((w[..., :, None] * value.to(work)).sum(-2))
    return torch.stack(outputs, dim=-2).to(query.dtype)
