# hostile: names others as the owners of its pipes, who would get a signal of its choice whenever a byte comes
# line: B64 B65
# verdict: passed
# prints: refused 10 alive
import ctypes
import fcntl
import os
import socket

F_SETFL, F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETPIPE_SZ, O_ASYNC = 4, 8, 10, 15, 1031, 0o20000
FIOSETOWN, SIOCSPGRP = 0x8901, 0x8902
reader, writer = os.pipe()
one, other = socket.socketpair()
refused = 0
for fd in (reader, one.fileno()):
    for deed, request, value in (
        (fcntl.fcntl, F_SETSIG, 9),
        (fcntl.fcntl, F_SETOWN, os.getppid() or 1),
        (fcntl.fcntl, F_SETOWN_EX, bytes(8)),
        (fcntl.ioctl, FIOSETOWN, (1).to_bytes(4, "little")),
        (fcntl.ioctl, SIOCSPGRP, (1).to_bytes(4, "little")),
    ):
        try:
            deed(fd, request, value)
            print("ESCAPED", request)
        except PermissionError:
            refused += 1
    fcntl.fcntl(fd, F_SETFL, O_ASYNC)
os.write(writer, b"x")
other.send(b"x")
try:
    fcntl.fcntl(writer, F_SETPIPE_SZ, 1 << 20)
    print("ESCAPED")
except PermissionError:
    pass
timer, event = ctypes.c_int(), (ctypes.c_int * 16)(0, 0, 9)  # SIGEV_SIGNAL with SIGKILL
libc = ctypes.CDLL(None)
if libc.timer_create(1, event, ctypes.byref(timer)) == 0:
    libc.timer_settime(timer, 0, (ctypes.c_long * 4)(0, 0, 0, 1), None)
os.sched_yield()
print("refused", refused, "alive")
