"""Landlock: the second fence behind the private root. It also cuts signals and abstract sockets to outside."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable

from graders.sandbox import syscalls

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE = 1 << 4, 1 << 5
MAKE_CHAR, MAKE_DIR, MAKE_REG, MAKE_SOCK = 1 << 6, 1 << 7, 1 << 8, 1 << 9
MAKE_FIFO, MAKE_BLOCK, MAKE_SYM, REFER, TRUNCATE, IOCTL_DEV = 1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14, 1 << 15
NET_BIND_TCP, NET_CONNECT_TCP = 1 << 0, 1 << 1
SCOPE_ABSTRACT_UNIX, SCOPE_SIGNAL = 1 << 0, 1 << 1

READ = READ_FILE | READ_DIR
WRITE = READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_FIFO | MAKE_SYM | REFER | TRUNCATE
ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV


def handled(abi: int) -> tuple[int, int, int, int]:
    """(file rights, net rights, scopes, size of the record) that a kernel of this ABI can forbid."""
    files = (1 << 13) - 1
    if abi >= 2:
        files |= REFER
    if abi >= 3:
        files |= TRUNCATE
    if abi >= 5:
        files |= IOCTL_DEV
    net = NET_BIND_TCP | NET_CONNECT_TCP if abi >= 4 else 0
    scopes = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL if abi >= 6 else 0
    return files, net, scopes, 24 if abi >= 6 else 16 if abi >= 4 else 8


def restrict(readable: Iterable[str], writable: Iterable[str]) -> int:
    """Leaves this thread reading and writing beneath the given paths only; gives the ABI. Needs no_new_privs.

    No TCP, no signal and no abstract socket to outside where the kernel can forbid them. Missing paths are left out.
    """
    abi = syscalls.landlock_abi()
    files, net, scopes, size = handled(abi)
    ruleset = syscalls.landlock_create_ruleset(files, net, scopes, size)
    try:
        for rights, paths in ((READ, readable), (WRITE, writable)):
            for path in paths:
                _allow(ruleset, path, rights & files)
        syscalls.landlock_restrict_self(ruleset)
    finally:
        os.close(ruleset)
    return abi


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            rights &= ON_FILES  # the kernel refuses rights of folders on a file
        syscalls.landlock_add_path(ruleset, fd, rights)
    finally:
        os.close(fd)
