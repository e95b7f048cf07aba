# hostile: bools of other bytes than 0 and 1, and a tensor that lies twice over the same payload
# line: B102 B103
# verdict: failed crashed
import json
import os
import struct

calls = 0


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    global calls
    table = [["bool", [8]]] if calls == 0 else [["float32", [2]], ["float32", [2]]]
    header = json.dumps({"case": calls, "results": [{"t": 0}], "tensors": table}).encode()
    calls += 1
    payload = b"\x07" * 8
    os.write(4, struct.pack("<4sB3sII", b"TKW1", 22, b"\0\0\0", len(header), len(payload)) + header + payload)
    while True:
        pass
