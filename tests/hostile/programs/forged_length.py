# hostile: a frame that claims four gigabytes
# line: B100
# verdict: crashed
import os
import struct


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    os.write(4, struct.pack("<4sB3sII", b"TKW1", 22, b"\0\0\0", 1 << 31, 1 << 31))
    while True:
        os.write(4, b"x" * 65536)
