# hostile: locks memory, asks for huge pages outside every account, and makes areas without number
# line: B19
# verdict: passed
# prints: refused 7
import ctypes
import errno
import mmap

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long)
libc.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
MAP = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
size = 16 << 20
area = libc.mmap(None, size, 3, MAP, -1, 0)
refused = 0
refused += libc.mlock(ctypes.c_void_p(area), ctypes.c_size_t(size)) == -1
refused += libc.mlockall(7) == -1
refused += libc.mmap(None, size, 3, MAP | 0x2000, -1, 0) in (None, (1 << 64) - 1)  # MAP_LOCKED
# Huge pages come from a pool that no memory cgroup counts: refused by us, not for want of a pool.
refused += libc.mmap(None, 2 << 20, 3, MAP | 0x40000, -1, 0) == (1 << 64) - 1 and ctypes.get_errno() == errno.EPERM
refused += libc.memfd_create(b"x", 4) == -1 and ctypes.get_errno() == errno.EPERM
refused += libc.shmget(0, 2 << 20, 0o4000 | 0o1600) == -1 and ctypes.get_errno() == errno.EPERM
wide = libc.mmap(None, 1 << 31, 0, MAP | 0x4000, -1, 0)
for page in range(0, 1 << 31, 8192):
    if libc.mprotect(wide + page, 4096, 1) == -1:
        refused += 1
        break
libc.munmap(ctypes.c_void_p(wide), ctypes.c_size_t(1 << 31))
print("refused", refused)
