# hostile: opens descriptors of every kind until none is left, and keeps them
# line: B17 B28
# verdict: passed
# prints: refused 10
import ctypes
import errno
import os
import select
import socket

libc = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    fd = getattr(libc, name)(*arguments)
    if fd < 0:
        raise OSError(ctypes.get_errno(), name)
    return fd


hoard = []
kinds = (
    lambda: os.open("/dev/null", os.O_RDONLY),
    lambda: os.dup(0),
    lambda: hoard.extend(os.pipe()),
    lambda: os.eventfd(0),
    lambda: os.memfd_create("x"),
    lambda: call("timerfd_create", 1, 0),
    lambda: call("inotify_init1", 0),
    lambda: call("epoll_create1", 0),
    lambda: call("signalfd", -1, ctypes.byref(ctypes.create_string_buffer(128)), 0),
    lambda: hoard.append(socket.socketpair()),
)
refused = 0
for kind in kinds:
    opened = []
    try:
        for _ in range(2_000):
            opened.append(kind())
        print("ESCAPED")
    except OSError as error:
        refused += error.errno in (errno.EMFILE, errno.EPERM)  # EPERM: inotify, which is counted for a user and no jail
    for thing in [*opened, *hoard]:
        if isinstance(thing, tuple):
            thing[0].close(), thing[1].close()
        elif thing is not None:
            os.close(thing)
    hoard.clear()
print("refused", refused)
hoard = []
try:
    while len(hoard) < 2_000:  # these stay open: the rest of the grade goes without a descriptor
        hoard.append(select.epoll())
except OSError:
    pass
