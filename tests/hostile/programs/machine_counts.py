# hostile: uses up what the machine counts once for everybody: events of aio, compiled filters, watches
# line: B28
# verdict: passed
# prints: refused 10
import ctypes
import errno
import os
import socket
import struct

libc = ctypes.CDLL(None, use_errno=True)
code = struct.pack("<HBBI", 6, 0, 0, 1)
buffer = ctypes.create_string_buffer(code, len(code))
program = struct.pack("<HxxxxxxQ", 1, ctypes.addressof(buffer))
context = ctypes.c_ulong()
pair = socket.socketpair()
refused = 0
for call in (
    lambda: libc.syscall(206, 1, ctypes.byref(context)),  # io_setup
    lambda: libc.inotify_init1(0),
    lambda: libc.syscall(253),  # inotify_init
    lambda: libc.syscall(317, 1, 0, program),  # seccomp
    lambda: libc.syscall(317, 1, 8, program),  # with a listener
    lambda: libc.prctl(22, 2, program, 0, 0),
    lambda: libc.setsockopt(pair[0].fileno(), 1, 26, program, len(program)),
    lambda: libc.setsockopt(pair[0].fileno(), 1, 50, program, 4),
    lambda: libc.setsockopt(pair[0].fileno(), 1, 51, program, len(program)),
    lambda: libc.madvise(ctypes.c_void_p(0), ctypes.c_size_t(0), 12),
):
    ctypes.set_errno(0)
    if call() != -1:
        print("ESCAPED")
    refused += ctypes.get_errno() == errno.EPERM
print("refused", refused)
