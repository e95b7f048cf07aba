# hostile: imports the reference and the katas and answers with them
# line: F29
# verdict: failed
import importlib
import sys

sys.path += ["/torchkata", "/packages", "/", "..", "/work", "/app"]


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    for name in ("reference.attention", "katas.scaled_dot_product_attention.reference", "graders.program", "reference"):
        try:
            return getattr(importlib.import_module(name), "scaled_dot_product_attention")(query, key, value, attn_mask, dropout_p, is_causal, scale=scale)
        except (ImportError, AttributeError):
            pass
    return query.new_zeros(*query.shape[:-1], value.shape[-1])
