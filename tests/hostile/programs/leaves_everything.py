# hostile: leaves files, queues, keys, sockets, locks and processes, and looks for those of an earlier run
# line: B120
# verdict: passed
# prints: found 0
import ctypes
import errno
import os
import socket
import time

libc = ctypes.CDLL(None, use_errno=True)
found = 0
for folder in ("/tmp", "/dev/shm", "/"):
    found += os.path.lexists(os.path.join(folder, "torchkata-left"))
    for make in (lambda path: os.mkdir(path), lambda path: os.mkfifo(path)):
        try:
            make(os.path.join(folder, "torchkata-left"))
        except OSError:
            pass
found += libc.shmget(0x7042, 64, 0) != -1
libc.shmget(0x7042, 64, 0o1777)
for number in (250, 219):  # keyctl, by either architecture's number
    ctypes.set_errno(0)
    if os.uname().machine == ("x86_64" if number == 250 else "aarch64"):
        found += libc.syscall(number, 0, ctypes.c_long(-3), 1) != -1 or ctypes.get_errno() != errno.EPERM
first, second = socket.socketpair()
found += len([name for name in os.environ if name.startswith("LEFT")])
os.environ["LEFT"] = "1"
os.umask(0)
if os.fork() == 0:
    os.setsid()
    time.sleep(3600)
found += os.getpid() != 1
print("found", found)
