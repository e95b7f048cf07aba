# hostile: a ring that makes sockets and opens files behind the filter's back
# line: B63
# verdict: passed
# prints: refused 3
import ctypes
import errno

libc = ctypes.CDLL(None, use_errno=True)
parameters = ctypes.create_string_buffer(120)
refused = 0
for call in (
    lambda: libc.syscall(425, 8, parameters),
    lambda: libc.syscall(426, 3, 1, 0, 0, None, 0),
    lambda: libc.syscall(427, 3, 0, None, 0),
):
    refused += call() == -1 and ctypes.get_errno() == errno.EPERM
print("refused", refused)
