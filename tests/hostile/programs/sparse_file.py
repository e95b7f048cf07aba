# hostile: files of a terabyte: truncated, allocated, written at a far offset, appended to in small steps
# line: B10
# verdict: passed
# prints: refused 10
import errno
import os
import signal

signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # Python ignores it; by default it would end the process
far = 1 << 40
refused = 0
for folder in ("/tmp", "/dev/shm"):
    fd = os.open(folder + "/sparse", os.O_CREAT | os.O_RDWR)
    for attempt in (
        lambda: os.ftruncate(fd, far),
        lambda: os.posix_fallocate(fd, 0, far),
        lambda: os.pwrite(fd, b"x", far),
        lambda: os.truncate(folder + "/sparse", far),
        lambda: [os.pwrite(fd, b"x" * 65536, n * 65536) for n in range(4096)],
    ):
        try:
            attempt()
            print("ESCAPED")
        except OSError as error:
            refused += error.errno in (errno.EFBIG, errno.ENOSPC)
    os.close(fd)
    os.unlink(folder + "/sparse")
print("refused", refused)
