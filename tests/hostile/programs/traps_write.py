# hostile: a filter of its own that traps the writing of results, to answer in its place
# line: B79 B84 F22
# verdict: crashed timeout
import ctypes
import os
import platform
import signal
import struct

libc = ctypes.CDLL(None, use_errno=True)
WRITE = {"x86_64": 1, "aarch64": 64}[platform.machine()]


class Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


signal.signal(signal.SIGSYS, lambda *_: None)
code = b"".join(
    (
        struct.pack("HBBI", 0x20, 0, 0, 0),  # load the number
        struct.pack("HBBI", 0x15, 0, 3, WRITE),
        struct.pack("HBBI", 0x20, 0, 0, 16),  # load the descriptor
        struct.pack("HBBI", 0x15, 0, 1, 4),
        struct.pack("HBBI", 6, 0, 0, 0x00030000),  # trap
        struct.pack("HBBI", 6, 0, 0, 0x7FFF0000),
    )
)
buffer = ctypes.create_string_buffer(code, len(code))
program = Program(len(code) // 8, ctypes.addressof(buffer))
if libc.prctl(22, 2, ctypes.byref(program), 0, 0) != 0:
    os._exit(3)
