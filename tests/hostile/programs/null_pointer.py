# hostile: a segmentation fault
# line: B93
# verdict: crashed
import ctypes


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    ctypes.string_at(0)
