# hostile: passes descriptors over a pair of sockets, and binds one end so that another jail could find it
# line: B82 B60
# verdict: passed
# prints: reached 0 passed 5
import os
import socket

reached = 0
first, second = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
socket.send_fds(first, [b"x"], [0, 1, 2, 3, 4])
passed = len(socket.recv_fds(second, 1, 16)[1])  # its own, back to itself: nobody else holds an end
for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
    try:
        socket.socketpair(socket.AF_UNIX, kind)  # could be sent from to any address
        reached += 1
    except OSError:
        pass
for name in ("\0torchkata-note", "\0another", "/run/docker.sock", "/run/systemd/notify", "/dev/log", "/tmp/socket"):
    for act in (first.connect, second.bind):
        try:
            act(name)
            reached += 1
        except OSError:
            pass
try:
    second.listen()
    reached += 1
except OSError:
    pass
credentials = second.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
reached += int.from_bytes(credentials[:4], "little") not in (0, os.getpid())
print("reached", reached, "passed", passed)
