# hostile: closes every descriptor, the result's too
# line: B70
# verdict: crashed
import os


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    os.closerange(0, 256)
