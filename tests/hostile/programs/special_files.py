# hostile: leaves FIFOs, devices and sockets, so that whoever opens them waits for ever
# line: B39 B42
# verdict: passed
# prints: refused 10
import os
import socket
import stat

refused = 0
for folder in ("/tmp", "/dev/shm"):
    for attempt in (
        lambda: os.mkfifo(folder + "/result"),
        lambda: os.mknod(folder + "/kmem", stat.S_IFCHR | 0o666, os.makedev(1, 2)),
        lambda: os.mknod(folder + "/disk", stat.S_IFBLK | 0o666, os.makedev(8, 0)),
        lambda: os.mknod(folder + "/socket", stat.S_IFSOCK | 0o666),
        lambda: socket.socketpair()[0].bind(folder + "/result.sock"),
    ):
        try:
            attempt()
            print("ESCAPED")
        except OSError:
            refused += 1
    os.symlink("/dev/zero", folder + "/endless")
print("refused", refused)
