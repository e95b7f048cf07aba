# hostile: a child writes the answer of each case a second time
# line: B68 B104
# verdict: crashed failed
import json
import os
import struct

right = scaled_dot_product_attention
calls = 0


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    global calls
    header = json.dumps({"case": calls, "results": [None], "tensors": []}).encode()
    calls += 1
    child = os.fork()
    if child == 0:
        os.write(4, struct.pack("<4sB3sII", b"TKW1", 22, b"\0\0\0", len(header), 0) + header)
        os._exit(0)
    if calls > 1:
        os.waitpid(child, 0)
    return right(query, key, value, attn_mask, dropout_p, is_causal, scale=scale)
