# hostile: asks for new namespaces, mounts, roots, programs and debuggers
# line: B41
# verdict: passed
# prints: refused 9
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
refused = 0
calls = (
    lambda: libc.unshare(0x10000000),
    lambda: libc.unshare(0x00020000),
    lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None),
    lambda: libc.umount2(b"/tmp", 2),
    lambda: libc.chroot(b"/tmp"),
    lambda: libc.ptrace(16, 1, 0, 0),
    lambda: libc.setuid(0),
    lambda: libc.syscall(321, 0, 0, 0),
)
for call in calls:
    refused += call() == -1
try:
    os.execv("/bin/sh", ["sh", "-c", "true"])
except OSError:
    refused += 1
print("refused", refused)
