"""The Unix socket in the data folder, over which the worker tells its progress and the web process wakes it.

Lines of JSON. From the worker: hello and status (who it is, whether it can grade), begin, total, case, end and queued, each
with the submission's id. To the worker: wake, and cancel with an id. Nothing depends on a line arriving: the truth is in
the database, and both sides look there, too.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAME = "worker.sock"
LONGEST_LINE = 1 << 20
_LONGEST_PATH = 107  # bytes; the kernel's field has 108


def listen(folder: Path) -> socket.socket:
    """A listening socket in `folder`, for this user only. The caller holds the worker's lock: an old socket is a dead one."""
    (folder / NAME).unlink(missing_ok=True)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    before = os.umask(0o177)
    try:
        with _address(folder) as address:
            sock.bind(address)
        sock.listen(16)
    except OSError:
        sock.close()
        raise
    finally:
        os.umask(before)
    return sock


def connect(folder: Path) -> socket.socket:
    """A connection to the worker. Raises OSError when nobody listens."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        with _address(folder) as address:
            sock.connect(address)
    except OSError:
        sock.close()
        raise
    return sock


def line(**words: Any) -> bytes:
    """A message."""
    return json.dumps(words, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


@contextmanager
def _address(folder: Path) -> Iterator[bytes]:
    """The socket's path; by way of an open folder where the path is too long for the kernel's field."""
    path = os.fsencode(folder / NAME)
    if len(path) <= _LONGEST_PATH:
        yield path
        return
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield os.fsencode(f"/proc/self/fd/{descriptor}/{NAME}")
    finally:
        os.close(descriptor)
