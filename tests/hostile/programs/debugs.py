# hostile: reads and writes the memory and descriptors of another process
# line: B67
# verdict: passed
# prints: refused 7
import ctypes
import os
import signal

libc = ctypes.CDLL(None, use_errno=True)


class Part(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


word = ctypes.c_long(7)
part = Part(ctypes.addressof(word), 8)
child = os.fork()
if child == 0:
    signal.pause()
    os._exit(0)
handle = libc.syscall(434, child, 0)  # pidfd_open
calls = (
    lambda: libc.ptrace(16, child, 0, 0),  # PTRACE_ATTACH
    lambda: libc.ptrace(0x4206, child, 0, 0),  # PTRACE_SEIZE
    lambda: libc.process_vm_readv(child, ctypes.byref(part), 1, ctypes.byref(part), 1, 0),
    lambda: libc.process_vm_writev(child, ctypes.byref(part), 1, ctypes.byref(part), 1, 0),
    lambda: libc.syscall(438, handle, 0, 0),  # pidfd_getfd
    lambda: libc.syscall(440, handle, ctypes.byref(part), 1, 4, 0),  # process_madvise
    lambda: libc.syscall(448, handle, 0),  # process_mrelease
)
refused = 0
for call in calls:
    ctypes.set_errno(0)
    refused += call() == -1 and ctypes.get_errno() == 1
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
print("refused", refused)
