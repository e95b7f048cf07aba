# hostile: writes a result of its own, with dims [True, 2]
# line: B101
# verdict: crashed
import json
import os
import struct


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    header = json.dumps({"case": 0, "results": [{"t": 0}], "tensors": [["float32", [True, 2]]]}).encode()
    payload = b"x" * 8
    os.write(4, struct.pack("<4sB3sII", b"TKW1", 22, b"\0\0\0", len(header), len(payload)) + header + payload)
    os._exit(0)
