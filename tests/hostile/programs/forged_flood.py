# hostile: a hundred thousand whole frames, and headers of a megabyte
# line: B100 B104
# verdict: crashed
import json
import os
import struct


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    header = json.dumps({"case": 0, "results": [[[]] * 300_000]}).encode()[: 1 << 20]
    small = struct.pack("<4sB3sII", b"TKW1", 22, b"\0\0\0", 2, 0) + b"{}"
    os.write(4, small * 100_000)
    while True:
        os.write(4, struct.pack("<4sB3sII", b"TKW1", 22, b"\0\0\0", len(header), 0) + header)
