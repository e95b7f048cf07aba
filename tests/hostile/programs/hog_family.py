# hostile: eats memory with many processes at once, so that the kernel ends somebody else for it
# line: B118
# verdict: memory passed timeout
import ctypes
import mmap
import os
import time

children = []
for _ in range(8):
    child = os.fork()
    if child == 0:
        ctypes.memset(ctypes.addressof(ctypes.c_char.from_buffer(mmap.mmap(-1, 256 << 20))), 1, 256 << 20)
        time.sleep(3600)
    children.append(child)
hoard = [bytearray(b"x" * (16 << 20)) for _ in range(70)]
