# hostile: a system call filter of its own, and every prctl that could give back what was taken
# line: B79 F22
# verdict: passed
# prints: wider 0
import ctypes
import os
import struct

libc = ctypes.CDLL(None, use_errno=True)


class Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def works(result):
    return result != -1


allow = struct.pack("HBBI", 6, 0, 0, 0x7FFF0000)
buffer = ctypes.create_string_buffer(allow, 8)
program = Program(1, ctypes.addressof(buffer))
libc.prctl(22, 2, ctypes.byref(program), 0, 0)  # a second filter, which allows everything
for option, argument in ((4, 1), (8, 1), (28, 0x3F), (36, 1), (0x59616D61, -1)):  # dumpable, keepcaps, securebits, reaper, ptracer
    libc.prctl(option, ctypes.c_ulong(argument & 0xFFFFFFFFFFFFFFFF), 0, 0, 0)
header = struct.pack("Ii", 0x20080522, 0)
wider = 0
wider += works(libc.prctl(38, 0, 0, 0, 0))  # no_new_privs off
wider += works(libc.prctl(22, 0, 0, 0, 0))  # filter off
wider += works(libc.prctl(47, 2, 21, 0, 0))  # CAP_SYS_ADMIN into the ambient set
wider += works(libc.capset(header, struct.pack("6I", *[0xFFFFFFFF] * 6)))
wider += works(libc.unshare(0x10000000))
wider += works(libc.ptrace(0, 0, 0, 0))  # PTRACE_TRACEME
wider += works(libc.mount(b"none", b"/tmp", b"tmpfs", 0, None))
wider += works(libc.setuid(0))
wider += libc.prctl(39, 0, 0, 0, 0) != 1  # no_new_privs is still on
wider += libc.prctl(3, 0, 0, 0, 0) not in (0, 1)
for capability in range(41):
    wider += libc.prctl(23, capability, 0, 0, 0) == 1  # still in the bounding set
wider += os.access("/etc/passwd", os.R_OK)
print("wider", wider)
