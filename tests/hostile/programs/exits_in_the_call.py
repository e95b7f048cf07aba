# hostile: leaves with success inside the call
# line: B72 F18
# verdict: crashed
import os


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    os._exit(0)
