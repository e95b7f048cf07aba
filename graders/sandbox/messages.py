"""Small JSON messages with descriptors over SOCK_SEQPACKET sockets, between host and zygote; neither side ever waits in here.

Not socket.send_fds and recv_fds: both take flags and forget them. Used in the zygote too, so: the standard library only.
"""

from __future__ import annotations

import array
import json
import os
import socket
from collections.abc import Sequence
from typing import Any

LARGEST = 4096
MOST_DESCRIPTORS = 8
FLAGS = socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL


class Nonsense(Exception):
    """What came is no message; its descriptors are closed."""


def send(sock: socket.socket, words: dict[str, Any], descriptors: Sequence[int] = (), flags: int = FLAGS) -> None:
    """Sends one message. Raises BlockingIOError when the socket is full, another OSError when the other side is gone."""
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
    sock.sendmsg([json.dumps(words).encode()], ancillary, flags)


def receive(sock: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """One message with its descriptors (close-on-exec), or None. Raises EOFError when the other side is gone, Nonsense."""
    try:
        room = socket.CMSG_SPACE(MOST_DESCRIPTORS * 4)
        data, ancillary, flags, _ = sock.recvmsg(LARGEST, room, socket.MSG_DONTWAIT | socket.MSG_CMSG_CLOEXEC)
    except BlockingIOError:
        return None
    except OSError:
        raise EOFError from None
    descriptors = array.array("i")
    for level, kind, packed in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(packed[: len(packed) - len(packed) % descriptors.itemsize])
    if not data and not descriptors:
        raise EOFError
    words = None if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC) else _parsed(data)
    if words is None:
        for fd in descriptors:
            os.close(fd)
        raise Nonsense(f"{len(data)} bytes that are no message")
    return words, list(descriptors)


def _parsed(data: bytes) -> dict[str, Any] | None:
    try:
        words = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return words if isinstance(words, dict) else None
