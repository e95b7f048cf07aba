# hostile: exit handlers, finalizers, destructors and signal handlers that would write a better result
# line: B74
# verdict: failed
import atexit
import json
import os
import signal
import struct
import sys
import threading
import weakref


def write_result(*_):
    print("ESCAPED", flush=True)
    header = json.dumps({"case": 0, "results": [None], "tensors": []}).encode()
    os.write(4, struct.pack("<4sB3sII", b"TKW1", 22, b"\0\0\0", len(header), 0) + header)


class Dying:
    __del__ = write_result


keep = [Dying(), Dying()]
keep.append(keep)
weakref.finalize(keep[0], write_result)
atexit.register(write_result)
sys.excepthook = sys.unraisablehook = threading.excepthook = write_result
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGXCPU, signal.SIGPIPE):
    signal.signal(number, write_result)
threading._register_atexit(write_result)


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    return query.new_zeros(*query.shape[:-1], value.shape[-1])
