"""Runs a few lines of Python in a real jail, as a submission, and tells what it printed and how it ended."""

from __future__ import annotations

import os
import select
import time
from dataclasses import dataclass
from typing import Any

from graders import wire
from graders.sandbox import Ending, Jail, Lane, SteadyLane


@dataclass(frozen=True)
class Ran:
    """What came of a snippet."""

    out: str
    err: str
    answer: dict[str, Any] | None  # the child's answer to LOAD; None when it never came
    ending: Ending

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


def load(jail: Jail, code: str) -> None:
    """Sends a snippet on its way."""
    frame = wire.pack(wire.LOAD, {"file": "snippet.py", "entry": "none"}, [code.encode()])
    assert os.write(jail.job, frame) == len(frame)


def collect(jail: Jail, seconds: float = 120) -> Ran:
    """Reads until the child answered or the jail ended; kills it at the deadline."""
    streams = {jail.stdout: bytearray(), jail.stderr: bytearray(), jail.result: bytearray()}
    answer = None
    decoder = wire.Decoder()
    waiting = select.poll()
    for fd in (*streams, jail.pidfd):
        waiting.register(fd, select.POLLIN)
    deadline = time.monotonic() + seconds
    over = False
    while answer is None and not over:
        events = waiting.poll(max(0.0, deadline - time.monotonic()) * 1000)
        over = not events or any(fd == jail.pidfd for fd, _ in events)
        jail.check_memory()
        for fd in streams:
            while data := _read(fd):
                streams[fd] += data
                if fd == jail.result:
                    for frame in decoder.feed(data):
                        answer = frame.header
        for fd, event in events:
            if fd in streams and event & select.POLLHUP:
                waiting.unregister(fd)
    texts = [bytes(streams[fd]).decode() for fd in (jail.stdout, jail.stderr)]
    return Ran(texts[0], texts[1], answer, jail.finish())


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 1 << 16)
    except BlockingIOError:
        return b""


def run(lane: Lane | SteadyLane, code: str, seconds: float = 120) -> Ran:
    """One snippet in one fresh jail."""
    jail = lane.take()
    load(jail, code)
    return collect(jail, seconds)
