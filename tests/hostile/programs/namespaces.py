# hostile: asks for every new namespace, by unshare, clone and clone3, and enters others
# line: B76
# verdict: passed
# prints: refused 19
import ctypes
import errno
import os
import platform

libc = ctypes.CDLL(None, use_errno=True)
CLONE = {"x86_64": 56, "aarch64": 220}[platform.machine()]
SIGCHLD = 17
FLAGS = (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000, 0x80)


def was_refused(result, *numbers):
    if result == 0 and os.getpid() != 1:
        os._exit(0)  # a child in a namespace of its own
    return result == -1 and ctypes.get_errno() in numbers


refused = 0
for flag in FLAGS:
    refused += was_refused(libc.unshare(flag), errno.EPERM)
for flag in FLAGS[:-1]:
    # The upper half of the word is no flag to the kernel, and must not hide the lower one from the filter.
    refused += was_refused(libc.syscall(CLONE, ctypes.c_ulong(flag | SIGCHLD), None, None, None, None), errno.EPERM)
words = (ctypes.c_uint64 * 11)(0x10000000, 0, 0, 0, SIGCHLD)
refused += was_refused(libc.syscall(435, words, 88), errno.ENOSYS)
handle = libc.syscall(434, os.getpid(), 0)
for flag in (0x10000000, 0x40000000):
    refused += was_refused(libc.setns(handle, flag), errno.EPERM)
try:
    os.open("/proc/1/ns/user", os.O_RDONLY)
except FileNotFoundError:
    refused += 1
print("refused", refused)
