# hostile: overwrites the machine code of write(2) in its process, so that results are only said to be sent
# line: F25
# verdict: crashed timeout
import ctypes
import os
import platform

libc = ctypes.CDLL(None, use_errno=True)
# returns its third argument, as if all had been written
code = {"x86_64": bytes.fromhex("4889d0c3"), "aarch64": bytes.fromhex("e00302aac0035fd6")}[platform.machine()]
place = ctypes.cast(libc.write, ctypes.c_void_p).value
page = place & ~4095


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    if libc.mprotect(ctypes.c_void_p(page), 8192, 7) != 0:
        os._exit(3)
    ctypes.memmove(place, code, len(code))
    return query
