# hostile: passes descriptors over a pair of sockets, and binds one end so that another jail could find it
# line: B82
# verdict: passed
# prints: reached 0
import os
import socket

reached = 0
first, second = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
socket.send_fds(first, [b"x"], [0, 1, 2, 3, 4])
taken = socket.recv_fds(second, 1, 16)[1]
reached += len(taken) > 5
for name in ("\0torchkata-note", "\0another"):
    try:
        first.sendto(b"hello", name)
        reached += 1
    except OSError:
        pass
try:
    second.bind("\0torchkata-note")
except OSError:
    pass
for path in ("/run/docker.sock", "/var/run/docker.sock", "/run/systemd/notify", "/dev/log", "/tmp/.X11-unix/X0"):
    try:
        first.sendto(b"hello", path)
        reached += 1
    except OSError:
        pass
try:
    first.bind("/tmp/socket")
    reached += 1
except OSError:
    pass
credentials = second.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
reached += int.from_bytes(credentials[:4], "little") not in (0, os.getpid())
print("reached", reached)
