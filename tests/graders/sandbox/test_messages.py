"""Messages between host and zygote."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from graders.sandbox import messages

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with left, right:
        yield left, right


def test_words_and_descriptors_arrive(pair: Pair) -> None:
    reader, writer = os.pipe()
    messages.send(pair[0], {"n": 1}, [writer])
    message = messages.receive(pair[1])
    assert message is not None
    words, (copy,) = message
    assert words == {"n": 1}
    assert not os.get_inheritable(copy)
    os.write(copy, b"x")
    assert os.read(reader, 1) == b"x"
    for fd in (reader, writer, copy):
        os.close(fd)


def test_nothing_there_is_told_at_once(pair: Pair) -> None:
    assert messages.receive(pair[1]) is None


def test_an_end_is_told(pair: Pair) -> None:
    pair[0].close()
    with pytest.raises(EOFError):
        messages.receive(pair[1])


def test_a_full_socket_is_told_and_does_not_wait(pair: Pair) -> None:
    def fill() -> None:
        while True:
            messages.send(pair[0], {"n": 1})

    with pytest.raises(BlockingIOError):
        fill()
