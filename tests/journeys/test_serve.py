"""`serve` as people and kernels treat it: Ctrl-C, SIGTERM and SIGKILL, with streams open and submissions under way."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app import queue
from app.db import Database
from katas.answer import answer_source
from katas.bank import Bank
from tests.journeys.conftest import Server
from tests.journeys.processes import PATIENCE, Journal, alive, below, kill, ready, until, worker_of, working

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("worker")]

KATA = Bank.open().kata("masked_softmax")
ANSWER = answer_source(KATA)
ENDLESS = "while True:\n    pass\n"

Serve = Callable[..., Server]


def ask(server: Server, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """An answer of the API."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{server.url}{path}", data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def submit(server: Server, code: str = ANSWER) -> str:
    """The id of a submission that was answered with 202."""
    return str(ask(server, "/api/submissions", {"kata": KATA.id, "code": code})["id"])


def open_stream(server: Server, name: str) -> socket.socket:
    """An event stream whose first event has come."""
    host, port = server.url.removeprefix("http://").split(":")
    sock = socket.create_connection((host, int(port)), timeout=PATIENCE)
    sock.sendall(f"GET /submissions/{name}/events HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    seen = b""
    while b"event: state" not in seen:
        part = sock.recv(4096)
        assert part, seen
        seen += part
    return sock


def rest_of(sock: socket.socket) -> bytes:
    """What comes until the other side closes."""
    seen = b""
    with sock:
        while part := sock.recv(4096):
            seen += part
    return seen


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything_with_streams_open_and_a_submission_under_way(
    number: signal.Signals, serve: Serve
) -> None:
    server = serve()
    journal = Journal(server.data / "torchkata.db")
    name = submit(server, ENDLESS)
    until(lambda: journal.states().get("running"), "it to begin")
    streams = [open_stream(server, name) for _ in range(10)]
    family = [server.process.pid, *below(server.process.pid)]
    assert len(family) >= 6  # web, worker, grader, lanes, launcher, zygote
    clock = time.monotonic()
    server.process.send_signal(number)
    assert server.process.wait(PATIENCE) == 0
    print(f"{number.name}: ended after {time.monotonic() - clock:.2f} s", file=sys.stderr)
    until(lambda: not any(alive(pid) for pid in family), "all of them to end")
    for stream in streams:
        assert b"event: end" not in rest_of(stream)
    db = Database.open(server.data / "torchkata.db")
    queue.requeue_left_behind(db)  # where the machine was too slow for the worker to do it in its second and a half
    db.close()
    assert journal.states() == {"queued": 1}
    assert server.log.read_text().count("\n") == 1  # the address, and no traceback


def test_a_web_process_that_is_killed_takes_its_worker_along_and_loses_nothing(serve: Serve) -> None:
    server = serve()
    journal = Journal(server.data / "torchkata.db")
    names = [submit(server, f"{ANSWER}# {number}\n") for number in range(12)]
    until(lambda: len(journal.ended()) >= 2, "two verdicts")
    family = below(server.process.pid)
    kill(server.process.pid)
    server.process.wait()
    until(lambda: not any(alive(pid) for pid in family), "everybody below it to end")
    serve(data=server.data)
    until(lambda: journal.states() == {"done": 12}, "the rest")
    assert sorted(journal.ended()) == sorted(names)


def test_a_worker_that_is_killed_is_told_of_and_started_again(serve: Serve) -> None:
    server = serve()
    worker = worker_of(server.process.pid)
    assert worker is not None
    kill(worker)
    until(lambda: ask(server, "/api/health")["status"] == "degraded", "the page to say so")
    name = submit(server)  # kept meanwhile
    until(lambda: ask(server, "/api/health")["status"] == "ok", "another worker")
    assert worker_of(server.process.pid) != worker
    until(lambda: ask(server, f"/api/submissions/{name}")["verdict"] == "passed", "its verdict")
    assert "Traceback" not in server.log.read_text()


def test_a_web_process_without_a_worker_keeps_what_comes_for_one_that_is_started_beside_it(serve: Serve) -> None:
    server = serve("--no-worker", wait_for_worker=False)
    assert worker_of(server.process.pid) is None
    name = submit(server)
    with open_stream(server, name) as stream:
        with working(server.data):
            seen = b""
            while b"event: end" not in seen:
                part = stream.recv(4096)
                assert part, seen
                seen += part
        assert seen.count(b"event: case") > 20
    until(lambda: ask(server, "/api/health")["status"] == "degraded", "the page to say that it is gone")


def test_two_hundred_submissions_over_http_at_once_are_all_graded_in_order(serve: Serve) -> None:
    server = serve()
    journal = Journal(server.data / "torchkata.db")
    clock = time.monotonic()
    with ThreadPoolExecutor(50) as threads:
        names = list(threads.map(lambda n: submit(server, f"{ANSWER}# {n}\n"), range(200)))
    print(f"200 accepted after {time.monotonic() - clock:.1f} s", file=sys.stderr)
    assert len(set(names)) == 200
    until(lambda: journal.states() == {"done": 200}, "all of them")
    print(f"200 graded after {time.monotonic() - clock:.1f} s", file=sys.stderr)
    assert sorted(journal.ended()) == sorted(names)
    assert len(journal.claimed()) == 200


def test_two_servers_on_one_folder_share_the_worker_that_is_there(serve: Serve) -> None:
    first = serve()
    second = serve(data=first.data)
    name = submit(second)
    until(lambda: ask(first, f"/api/submissions/{name}")["verdict"] == "passed", "its verdict")
    until(lambda: "another worker is at work" in second.log.read_text(), "the second to say why it has none")
    first.stop()
    until(lambda: ready(second.data), "the second to have one of its own")


def test_the_web_process_never_imports_torch(serve: Serve) -> None:
    server = serve("--no-worker", wait_for_worker=False)
    submit(server)
    for path in ("/", f"/katas/{KATA.id}", "/history", "/api/katas"):
        with urllib.request.urlopen(f"{server.url}{path}", timeout=PATIENCE) as answer:
            answer.read()
    with open(f"/proc/{server.process.pid}/maps") as file:
        mapped = {os.path.basename(line.split()[-1]) for line in file if ".so" in line}
    assert not [name for name in mapped if "torch" in name or "numpy" in name or "_multiarray" in name]
