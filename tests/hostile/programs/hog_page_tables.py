# hostile: page tables without pages: one touched page in every two megabytes of a huge area, all of them the zero page
# line: B19
# verdict: memory
# prints: reserved
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long)
size = 1 << 38  # 512 MiB of tables, then again in a child: 1 GiB and more
print("reserved", flush=True)
for _ in range(3):
    area = libc.mmap(None, size, 1, 0x4022, -1, 0)
    if area in (None, (1 << 64) - 1):
        break
    libc.madvise(ctypes.c_void_p(area), ctypes.c_size_t(size), 15)  # no huge zero page
    reader = (ctypes.c_char * size).from_address(area)
    for page in range(0, size, 2 << 20):
        reader[page]
else:
    print("ESCAPED")
os._exit(0)
