# hostile: one line of a hundred megabytes
# line: B25
# verdict: output_limit
import os


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    for _ in range(1600):
        os.write(1, b"x" * 65536)
    return query
