# hostile: queues signals and timers that are never taken
# line: B29
# verdict: passed
# prints: refused 2
import ctypes
import errno
import os
import signal

libc = ctypes.CDLL(None, use_errno=True)
number = signal.SIGRTMIN + 3
signal.pthread_sigmask(signal.SIG_BLOCK, {number})
refused = 0
for _ in range(100_000):
    if libc.sigqueue(os.getpid(), number, None) == -1:
        refused += ctypes.get_errno() == errno.EAGAIN
        break
timer = ctypes.c_void_p()
for _ in range(100_000):
    if libc.timer_create(1, None, ctypes.byref(timer)) == -1:
        refused += ctypes.get_errno() == errno.EAGAIN
        break
print("refused", refused)
