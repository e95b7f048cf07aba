"""The grader's process, driven as the worker drives it: a lane judges, also through the loss of the zygote."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graders.sandbox import messages
from graders.selfcheck import reference_code
from katas.bank import Bank

KATA = Bank.open().kata("masked_softmax")
SECONDS = 120.0  # a bound on hanging, not a measurement


def hear(control: socket.socket, *keys: str) -> dict[str, Any]:
    """The grader's next message with one of the keys."""
    end = time.monotonic() + SECONDS
    while True:
        assert select.select([control], [], [], max(0.0, end - time.monotonic()))[0], keys
        message = messages.receive(control)
        assert message is not None
        if any(key in message[0] for key in keys):
            return message[0]


@pytest.fixture(scope="module")
def process() -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    """A grader that is ready, with its control socket."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-P", "-m", "app.lanes", str(theirs.fileno()), str(os.getpid()), "full"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, pass_fds=[theirs.fileno()], env=environment) as started, ours:
        theirs.close()
        assert hear(ours, "ready", "trouble") == {"ready": "full", "missing": []}
        yield started, ours
        started.kill()


class Lane:
    """One lane of it."""

    def __init__(self, control: socket.socket, number: int) -> None:
        self.sock, theirs = socket.socketpair()
        self.sock.settimeout(SECONDS)
        with theirs:
            messages.send(control, {"op": "lane", "n": number}, [theirs.fileno()])
        self.pid = hear(control, "lane")["pid"]
        self.lines = self.sock.makefile("rb")

    def judge(self, code: bytes) -> dict[str, Any]:
        """What is said last about a submission."""
        job = {"id": 1, "kata": KATA.id, "kind": "grade", "code": code.decode()}
        self.sock.sendall(json.dumps(job).encode() + b"\n")
        while True:
            words: dict[str, Any] = json.loads(self.lines.readline())
            if "verdict" in words or "fault" in words:
                return words

    def close(self) -> None:
        self.lines.close()
        self.sock.close()


def below(pid: int) -> list[tuple[int, str]]:
    """(pid, command) of the children of a process."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [(int(child), Path(f"/proc/{child}/cmdline").read_bytes().decode(errors="replace")) for child in found]


def test_lanes_judge_before_and_after_their_zygote_was_killed(
    process: tuple[subprocess.Popen[bytes], socket.socket],
) -> None:
    started, control = process
    lanes = [Lane(control, number) for number in (1, 2)]
    for lane in lanes:
        assert lane.judge(reference_code(KATA))["verdict"] == "passed"
    (launcher,) = [pid for pid, command in below(started.pid) if "launcher" in command]
    os.kill(launcher, signal.SIGKILL)
    for lane in lanes:
        assert lane.judge(reference_code(KATA))["verdict"] == "passed"
        assert lane.judge(b"def masked_softmax(scores, mask, dim=-1):\n    return scores\n")["verdict"] == "failed"
    assert started.poll() is None
    for number, lane in enumerate(lanes, 1):
        lane.close()
        assert hear(control, "ended") == {"ended": number, "code": 0}
