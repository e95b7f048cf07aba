# hostile: locks, leases and notices on files that all jails share, by which one could signal another
# line: B48
# verdict: passed
# prints: refused 8
import errno
import fcntl
import os
import struct

import torch

fd = os.open(torch.__file__, os.O_RDONLY)
lock = struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 0, 0, 0)
refused = 0
for attempt in (
    lambda: fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB),
    lambda: fcntl.lockf(fd, fcntl.LOCK_SH | fcntl.LOCK_NB),
    lambda: fcntl.fcntl(fd, fcntl.F_SETLK, lock),
    lambda: fcntl.fcntl(fd, fcntl.F_GETLK, lock),
    lambda: fcntl.fcntl(fd, fcntl.F_OFD_SETLK, lock),
    lambda: fcntl.fcntl(fd, fcntl.F_OFD_GETLK, lock),
    lambda: fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK),
    lambda: fcntl.fcntl(fd, fcntl.F_NOTIFY, 1),
):
    try:
        attempt()
        print("ESCAPED")
    except OSError as error:
        refused += error.errno == errno.EPERM
print("refused", refused)
