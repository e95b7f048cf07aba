# hostile: half a frame, then a clean exit
# line: B109 F18
# verdict: crashed
import os
import struct


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    os.write(4, struct.pack("<4sB3sII", b"TKW1", 22, b"\0\0\0", 100, 100) + b'{"case":')
    os._exit(0)
