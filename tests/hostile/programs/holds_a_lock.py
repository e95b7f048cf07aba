# hostile: loops without end while it holds every lock that it can name
# line: F54
# verdict: timeout
import _imp
import threading


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    _imp.acquire_lock()
    lock = threading._active_limbo_lock
    lock.acquire()
    while True:
        pass
