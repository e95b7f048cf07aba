# hostile: results of dtypes that are none: a pointer, another byte order, a giant number
# line: B102
# verdict: crashed
import json
import os
import struct

DTYPES = ("object", ">f4", "float128", 7, None)


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    header = json.dumps({"case": 0, "results": [{"t": 0}], "tensors": [[DTYPES[os.urandom(1)[0] % 5], [2]]]}).encode()
    payload = b"\x7f" * 8
    os.write(4, struct.pack("<4sB3sII", b"TKW1", 22, b"\0\0\0", len(header), len(payload)) + header + payload)
    os._exit(0)
