# hostile: leaves while a grandchild in a session of its own keeps every pipe open
# line: B69
# verdict: crashed
import os
import time


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(3600)
        os._exit(0)
    os._exit(0)
