# hostile: empties the list of steps that are to be carried out, from the frame above
# line: F38
# verdict: crashed failed
import sys


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    frame = sys._getframe()
    while frame is not None:
        for name in ("steps", "header"):
            found = frame.f_locals.get(name)
            if isinstance(found, list):
                found.clear()
            elif isinstance(found, dict):
                found["steps"] = []
                found["watched"] = False
        frame = frame.f_back
    return query
