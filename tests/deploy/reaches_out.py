"""A submission's tail that reaches for everything that isolation `reduced` promises to keep, and counts what it got.

Appended to an honest solution in a stock container: no namespace of its own, the grader's uid, the host's /proc in sight.
"""

import ctypes
import fcntl
import os
import socket
import sys
from collections.abc import Callable

got: list[str] = []


def attempt(name: str, deed: Callable[[], object]) -> None:
    """Notes what should have been refused."""
    try:
        deed()
    except (OSError, ImportError, ValueError):
        return
    got.append(name)


def read(path: str) -> Callable[[], bytes]:
    """Opens and reads; a bare O_PATH handle gives nobody a byte."""

    def deed() -> bytes:
        with open(path, "rb") as file:
            return file.read(1)

    return deed


parent = os.getppid()
for path in (
    "/etc/passwd",
    "/etc/hostname",
    "/data/secret",
    "/torchkata/graders/compare.py",
    "/torchkata/reference/attention.py",
    "/proc/self/environ",
    "/proc/self/maps",
    "/proc/self/mem",
    "/proc/1/environ",
    f"/proc/{parent}/environ",
    f"/proc/{parent}/mem",
    "/proc/net/tcp",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
):
    attempt(f"read {path}", read(path))
for folder in ("/", "/proc", "/data", "/tmp", "/etc", "/dev/shm"):
    attempt(f"list {folder}", lambda folder=folder: os.listdir(folder))  # type: ignore[misc]
    attempt(f"write {folder}", lambda folder=folder: os.mkdir(f"{folder}/left-behind"))  # type: ignore[misc]
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK):
    attempt(f"socket {family}", lambda family=family: socket.socket(family))  # type: ignore[misc]
attempt("fork", os.fork)
attempt("execute", lambda: os.execv("/bin/true", ["true"]))
for pid in (0, -1, 1, parent):
    attempt(f"signal {pid}", lambda pid=pid: os.kill(pid, 0))  # type: ignore[misc]
reader, _ = os.pipe()
attempt("signal through a pipe", lambda: fcntl.fcntl(reader, fcntl.F_SETOWN, parent))
attempt("memfd", lambda: os.memfd_create("x"))
libc = ctypes.CDLL(None, use_errno=True)
for name, result in (
    ("trace", libc.ptrace(16, parent, 0, 0)),
    ("namespace", libc.unshare(0x10000000)),
    ("mount", libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)),
    ("user", libc.setuid(1)),
    ("timer", libc.timer_create(1, None, bytes(8))),
    ("privileges", libc.prctl(38, 0, 0, 0, 0)),
):
    if result != -1:
        got.append(name)
print("got", got, file=sys.stdout)
