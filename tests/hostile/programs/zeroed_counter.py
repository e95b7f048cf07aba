# hostile: hides the name of a forbidden operator, and wipes the notes of its refusals
# line: F17 F48
# verdict: error forbidden
import torch
from graders import refusal

hidden = bytes(reversed(b"noitnetta_tcudorp_tod_delacs")).decode()


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    try:
        return getattr(torch.nn.functional, hidden)(query, key, value, attn_mask, dropout_p, is_causal, scale=scale)
    finally:
        refusal._told.clear()
