# hostile: ends the processes that made it, by every number they could have
# line: B118 B119 B64
# verdict: passed
# prints: alive 1 parent 0
import ctypes
import os
import signal

libc = ctypes.CDLL(None, use_errno=True)
for pid in (os.getppid(), 1, 2, 3):
    if pid > 0:
        libc.kill(pid, signal.SIGTERM)
        libc.syscall(434, pid, 0)  # pidfd_open
libc.prctl(1, signal.SIGKILL, 0, 0, 0)  # a signal at the parent's death
print("alive", os.getpid(), "parent", os.getppid())
