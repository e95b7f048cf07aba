# hostile: Unix sockets: Docker's, the log's, abstract ones, and a pair of datagrams that could be sent anywhere
# line: B60
# verdict: passed
# prints: refused 15
import ctypes
import errno
import socket
import struct

libc = ctypes.CDLL(None, use_errno=True)
PLACES = ("/var/run/docker.sock", "/run/containerd/containerd.sock", "/dev/log", "/run/systemd/notify", "\0/tmp/.X11-unix/X0")
refused = 0
for place in PLACES:
    try:
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).connect(place)
        print("ESCAPED", place)
    except OSError:
        refused += 1
for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC):
    try:
        socket.socketpair(socket.AF_UNIX, kind)
        print("ESCAPED", kind)
    except OSError as error:
        refused += error.errno == errno.EPERM
one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
name = struct.pack("<H", 1) + b"\0abstract"
for attempt in (
    lambda: libc.connect(one.fileno(), name, len(name)),
    lambda: libc.bind(one.fileno(), name, len(name)),
    lambda: libc.bind(one.fileno(), struct.pack("<H", 1), 2),  # the kernel chooses an abstract name
    lambda: libc.listen(one.fileno(), 1),
    lambda: libc.accept(one.fileno(), None, None),
):
    ctypes.set_errno(0)
    refused += attempt() == -1 and ctypes.get_errno() == errno.EPERM
for family in (socket.AF_INET, 16):
    try:
        socket.socketpair(family, socket.SOCK_STREAM)
        print("ESCAPED", family)
    except OSError:
        refused += 1
print("refused", refused)
