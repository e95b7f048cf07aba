# hostile: writes its result one byte at a time, and never the last
# line: B105
# verdict: timeout
import os
import struct
import time


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    for byte in struct.pack("<4sB3sII", b"TKW1", 22, b"\0\0\0", 1 << 20, 0):
        os.write(4, bytes([byte]))
    while True:
        os.write(4, b" ")
        time.sleep(0.02)
