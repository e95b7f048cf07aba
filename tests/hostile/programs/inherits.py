# hostile: looks for descriptors, threads, timers, handlers and alternate stacks that it inherited
# line: B113 B114 B117
# verdict: passed
# prints: open [0, 1, 2, 3, 4] kinds cpppp threads 1 handlers 0 timers 0
import fcntl
import os
import signal
import stat
import threading

found = []
for fd in range(4096):
    try:
        fcntl.fcntl(fd, fcntl.F_GETFD)
        found.append(fd)
    except OSError:
        pass
kinds = "".join(
    "p" if stat.S_ISFIFO(mode) else "c" if stat.S_ISCHR(mode) else "s" if stat.S_ISSOCK(mode) else "f"
    for mode in (os.fstat(fd).st_mode for fd in found)
)
handlers = sum(
    signal.getsignal(number) not in (signal.SIG_DFL, signal.SIG_IGN, signal.default_int_handler)
    for number in signal.valid_signals()
)
timers = sum(signal.getitimer(kind)[0] > 0 for kind in (0, 1, 2))
# A lock held by another thread when the fork happened would stop this one here.
lock = threading.Lock()
thread = threading.Thread(target=lock.acquire)
thread.start()
thread.join()
print("open", found, "kinds", kinds, "threads", threading.active_count(), "handlers", handlers, "timers", timers)
