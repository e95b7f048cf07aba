# hostile: results that would run code where they are unpickled
# line: B94
# verdict: failed
import io
import os
import pickle

import torch


class Evil:
    def __reduce__(self):
        return os.system, ("touch /tmp/torchkata-escaped",)


calls = 0


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    global calls
    calls += 1
    if calls % 3 == 0:
        return Evil()
    if calls % 3 == 1:
        return torch.frombuffer(bytearray(pickle.dumps(Evil())), dtype=torch.uint8)
    buffer = io.BytesIO()
    torch.save({"x": Evil()}, buffer)
    return {"state": buffer.getvalue(), "x": Evil()}
