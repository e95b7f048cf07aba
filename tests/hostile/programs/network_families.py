# hostile: every address family that the kernel could know, also with bits that a filter might forget
# line: B61
# verdict: passed
# prints: refused 138
import ctypes
import errno

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
refused = 0
for family in range(46):
    for kind in (ctypes.c_long(1), ctypes.c_long(3), ctypes.c_long(1 << 32 | 2)):
        refused += libc.syscall(41, ctypes.c_long(1 << 32 | family), kind, ctypes.c_long(0)) == -1 and ctypes.get_errno() == errno.EAFNOSUPPORT
print("refused", refused)
