# hostile: writes an answer of its own to the inherited descriptor, and leaves with success
# line: F18
# verdict: crashed failed
import json
import os
import struct


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    out = query.new_zeros(*query.shape[:-1], value.shape[-1])
    payload = out.numpy().tobytes()
    header = {"case": 0, "results": [{"t": 0}], "tensors": [["float32", list(out.shape)]], "verdict": "passed"}
    text = json.dumps(header).encode()
    os.write(4, struct.pack("<4sB3sII", b"TKW1", 22, b"\0\0\0", len(text), len(payload)) + text + payload)
    os._exit(0)
