# hostile: handlers at the exit and a late thread that write another result
# line: F20
# verdict: failed
import atexit
import json
import os
import struct
import threading
import weakref


def forge():
    text = json.dumps({"case": 0, "results": [None], "tensors": [], "status": "passed"}).encode()
    os.write(4, struct.pack("<4sB3sII", b"TKW1", 22, b"\0\0\0", len(text), 0) + text)


atexit.register(forge)
threading._register_atexit(forge)


class Last:
    pass


last = Last()
weakref.finalize(last, forge)


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    return query.new_zeros(*query.shape[:-1], value.shape[-1])
