# hostile: returns at once and lets a process and threads do the work into shared memory
# line: B123 F4
# verdict: failed
import os
import threading

import torch

right = scaled_dot_product_attention


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    out = torch.zeros(*query.shape[:-1], value.shape[-1], dtype=query.dtype).share_memory_()

    def work():
        threading.Event().wait(0.02)
        out.copy_(right(query, key, value, attn_mask, dropout_p, is_causal, scale=scale).detach())

    threading.Thread(target=work, daemon=True).start()
    if os.fork() == 0:
        threading.Event().wait(0.02)
        os._exit(0)
    return out
