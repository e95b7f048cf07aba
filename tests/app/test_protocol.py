"""What comes before a request can be looked at."""

from __future__ import annotations

import socket
import time

import pytest

from tests.app.webs import Web, listening

HEALTH = b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n"


def closed(connection: socket.socket) -> bool:
    """Whether the server ends the connection, having said nothing."""
    try:
        return connection.recv(65536) == b""
    except ConnectionResetError:
        return True


def refused(connection: socket.socket, parts: list[bytes], pause: float = 0.0) -> bool:
    """Whether the server closes before all parts are said."""
    try:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
    except (BrokenPipeError, ConnectionResetError):
        return True
    return False


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.protocol.HEAD_SECONDS", 0.5)


@pytest.mark.slow
@pytest.mark.parametrize("begin", [b"", b"GET / HTT", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "])
def test_a_head_that_never_ends_is_given_up(web: Web, begin: bytes) -> None:
    with listening(web) as address, socket.create_connection(address, timeout=120) as connection:
        connection.sendall(begin)
        assert closed(connection)


@pytest.mark.slow
def test_a_head_that_trickles_is_given_up(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.protocol.HEAD_SECONDS", 2.0)  # the first head must come in time, on a busy machine too
    with listening(web) as address, socket.create_connection(address, timeout=120) as connection:
        connection.sendall(HEALTH)
        assert an_answer(connection).startswith(b"HTTP/1.1 200 ")
        assert refused(connection, [b"G"] * 600, pause=0.05)


def an_answer(connection: socket.socket) -> bytes:
    """One whole answer of a known length; head and body may arrive apart."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += (part := connection.recv(65536))
        assert part, got
    head, _, body = got.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += (part := connection.recv(65536))
        assert part, body
    return head + b"\r\n\r\n" + body


@pytest.mark.slow
def test_a_head_without_end_is_cut_off(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.protocol.HEAD_SECONDS", 600.0)
    with listening(web) as address, socket.create_connection(address, timeout=120) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        assert refused(connection, [b"X-%d: " % number + b"x" * 4000 + b"\r\n" for number in range(2000)])


@pytest.mark.slow
def test_a_connection_is_used_again_and_a_slow_answer_is_not_cut(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.protocol.HEAD_SECONDS", 2.0)  # every head must come in time, on a busy machine too
    with listening(web) as address, socket.create_connection(address, timeout=120) as connection:
        for _ in range(3):
            connection.sendall(HEALTH)
            assert an_answer(connection).startswith(b"HTTP/1.1 200 ")
        name = b"POST /api/submissions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        body = b'{"kata": "masked_softmax", "code": "x = 1"}'
        connection.sendall(name + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        answer = an_answer(connection)
        assert answer.startswith(b"HTTP/1.1 202 ")
        events = answer.split(b'"events":"')[1].split(b'"')[0]
        connection.sendall(b"GET " + events + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        connection.settimeout(4.0)  # twice the time that a head may take
        try:
            while part := connection.recv(65536):
                assert b"event: end" not in part
        except TimeoutError:
            return  # still open
    raise AssertionError("the stream was cut")
