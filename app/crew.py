"""The worker's side of its grader process: starts it, asks it for lanes, notices when it or a lane is gone."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from graders.sandbox import messages

START_SECONDS = 120.0  # torch is imported twice, perhaps from a cold disk
LONGEST_LINE = 64 << 20  # a report with pictures


class CrewTrouble(Exception):
    """The grader process cannot grade: `kind` is isolation or sandbox."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(kind, why)
        self.kind, self.why = kind, why


class LaneLost(Exception):
    """The lane ended while it was judging; `started` says whether it had begun."""

    def __init__(self, started: bool) -> None:
        super().__init__(started)
        self.started = started


class Lane:
    """One submission at a time."""

    def __init__(self, crew: Crew, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.number = number
        self.alive = True
        self.killed = False  # by us
        self.pid = 0  # known a moment later
        self.crew = crew
        self._reader, self._writer = reader, writer

    async def judge(self, job: dict[str, Any], hear: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """The lane's last word on a job: {verdict, score, report} or {fault, final}; `hear` gets what comes before.

        Raises LaneLost.
        """
        started = False
        try:
            self._writer.write(json.dumps(job).encode() + b"\n")
            async for line in self._reader:
                words: dict[str, Any] = json.loads(line)
                if "verdict" in words or "fault" in words:
                    return words
                started = True
                hear(words)
        except (OSError, ValueError):
            pass  # as good as gone
        self.kill()
        raise LaneLost(started)

    def kill(self) -> None:
        """Ends it, with the jail that it has."""
        self.alive, self.killed = False, True
        self.crew.say({"op": "kill", "n": self.number})

    def close(self) -> None:
        """Lets go of it; it ends by itself when it is idle."""
        self.alive = False
        self._writer.close()


class Crew:
    """A grader process and its lanes. Used from the event loop that started it."""

    def __init__(
        self,
        isolation: str,
        bank: Path | None,
        on_lane_ended: Callable[[Lane], None],
        on_trouble: Callable[[str], None],
    ) -> None:
        self.gone = asyncio.Event()
        self.lanes: dict[int, Lane] = {}
        self._on_lane_ended = on_lane_ended
        self._on_trouble = on_trouble  # why no jail can be had now; nothing when they can be had again
        self._numbers = itertools.count(1)
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.setblocking(False)
        arguments = [str(theirs.fileno()), str(os.getpid()), isolation, *([str(bank)] if bank else [])]
        with theirs:
            # From the main thread, which lives as long as the worker: the kernel ties the child's life to the thread.
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "app.lanes", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # a Ctrl-C on the terminal is the worker's to handle
            )
        self._loop.add_reader(self._control, self._hear)

    async def ready(self) -> tuple[str, list[str]]:
        """(level of isolation, what is missing from the full one), when it can grade. Raises CrewTrouble."""
        try:
            words = await asyncio.wait_for(asyncio.shield(self._ready), START_SECONDS)
        except TimeoutError:
            why = f"the grader was not ready within {START_SECONDS:g} s; the machine may be overloaded"
            raise CrewTrouble("sandbox", why) from None
        if "trouble" in words:
            raise CrewTrouble(words["trouble"], words["why"])
        return words["ready"], words["missing"]

    async def lane(self) -> Lane:
        """A new lane. It may be given work at once."""
        number = next(self._numbers)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            reader, writer = await asyncio.open_unix_connection(sock=ours, limit=LONGEST_LINE)
            lane = self.lanes[number] = Lane(self, number, reader, writer)
            self.say({"op": "lane", "n": number}, [theirs.fileno()])
        return lane

    def say(self, words: dict[str, Any], descriptors: tuple[int, ...] | list[int] = ()) -> None:
        """Sends a command; lost when the process is gone, which is noticed elsewhere."""
        try:
            messages.send(self._control, words, descriptors)
        except OSError:
            self._lose()

    async def close(self) -> None:
        """Ends the process and everything below it."""
        self._lose()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(self.process.wait)

    def _hear(self) -> None:
        try:
            message = messages.receive(self._control)
        except EOFError:
            self._lose()
            return
        words = message[0] if message else {}
        if "ready" in words or "trouble" in words:
            if not self._ready.done():
                self._ready.set_result(words)
        elif "lane" in words and words["lane"] in self.lanes:
            self.lanes[words["lane"]].pid = words["pid"]
        elif "sandbox" in words:
            self._on_trouble(words["sandbox"])
        elif "ended" in words and (lane := self.lanes.pop(words["ended"], None)) is not None:
            lane.close()
            self._on_lane_ended(lane)

    def _lose(self) -> None:
        if self.gone.is_set():
            return
        self.gone.set()
        self._loop.remove_reader(self._control)
        self._control.close()
        for lane in self.lanes.values():
            lane.close()
        self.lanes.clear()
        if not self._ready.done():
            self._ready.set_result({"trouble": "sandbox", "why": "the grader ended while it started"})
