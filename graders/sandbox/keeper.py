"""Keeps a sound zygote for many lanes and swaps it in the background: after a number of runs, and after any suspicion.

The keeper lives in the process that lanes are forked from. It has no thread of its own and never waits: whoever owns it
calls `tend` when its descriptor is readable, and once a second or so in any case, from the thread that started it.

    keeper = Keeper.start(Isolation.FULL, collapse=True)      # before torch is imported
    keeper.wait_ready()
    ... import graders.grade, warm a Grader(keeper.seat()), share its references, close it ...
    pid = os.fork()
    if pid == 0:                                              # a lane
        with Grader(keeper.seat(), ready=READY_JAILS, references=references) as grader:
            while ...: grader.grade(...)                      # counts its runs and moves to a fresher zygote by itself
    select on keeper.fileno(), keeper.tend()                  # the parent

A lane that may be idle for long calls `grader.settle()` when `seat.fileno()` is readable, or every second; one that does not
loses its ready jails with the old zygote, a minute after the swap, and makes new ones at its next grade. A lane that died is
forgotten, its jails with it. In the keeper's own process a seat tends it while it waits.

What counts as suspicious: a jail that crashed or broke the protocol, something left in a jail's cgroup, a zygote whose memory
grew, silence, and words of the zygote that make no sense. After the last two it is not asked again; after the others it goes
on working until its successor is ready, and no more than one is started in a minute: crashes are cheap for a submission.
"""

from __future__ import annotations

import os
import select
import socket
import time
from dataclasses import dataclass, field
from typing import Any

from graders.sandbox import messages
from graders.sandbox.host import Sandbox
from graders.sandbox.levels import Isolation, IsolationState, Limits, SandboxFault
from graders.sandbox.seat import Seat, describe

START_SECONDS = 60.0  # for a successor to import torch
RETRY_SECONDS = 30.0  # between attempts to start one, at the most


@dataclass(frozen=True)
class Rules:
    """When a zygote is swapped."""

    runs: int = 500
    growth: int = 64 << 20  # bytes of its own memory, beyond what it had when it was ready
    pause: float = 60.0  # seconds between two swaps for a suspicion
    leave: float = 120.0  # seconds that lanes have for leaving an old zygote


@dataclass
class _Lane:
    """A seat as the keeper sees it."""

    sock: socket.socket
    sent: int = 0  # number of the last zygote that it was given a channel to
    at: int = 0  # number of the zygote that it works with


@dataclass
class _Leaving:
    """A zygote that is waited for."""

    sandbox: Sandbox
    number: int
    deadline: float


@dataclass
class Swap:
    """Why the last successor was started; for logs and tests."""

    reason: str = ""
    count: int = 0
    trouble: str = ""  # why no successor could be started
    suspicions: list[str] = field(default_factory=list)


class Keeper:
    """One zygote in use, perhaps one coming, perhaps some that lanes are leaving."""

    def __init__(self, first: Sandbox, rules: Rules) -> None:
        self.rules = rules
        self.swap = Swap()
        self._owner = os.getpid()
        self._current: Sandbox | None = first
        self._number = 1  # of the current zygote
        self._runs = 0
        self._suspicion = ""
        self._broken = False  # the current one must not be asked again
        self._coming: Sandbox | None = None
        self._coming_deadline = 0.0
        self._started_at = time.monotonic()
        self._failures = 0
        self._leaving: list[_Leaving] = []
        self._lanes: dict[int, _Lane] = {}
        self._memory = 0
        self._looked_at = 0.0
        self._door, self._bell = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._poll = select.epoll()
        self._poll.register(self._door, select.EPOLLIN)
        self._seat: Seat | None = None

    @classmethod
    def start(
        cls,
        isolation: Isolation = Isolation.FULL,
        *,
        limits: Limits | None = None,
        warm_compiler: bool = False,
        collapse: bool = False,
        rules: Rules | None = None,
    ) -> Keeper:
        """Starts the first zygote as `Sandbox.start` does."""
        first = Sandbox.start(isolation, limits=limits, warm_compiler=warm_compiler, collapse=collapse)
        return cls(first, rules or Rules())

    def wait_ready(self, timeout: float = 60) -> IsolationState:
        """Until the first zygote is ready; gives what is in force. Raises IsolationRefused or SandboxFault."""
        current = self._current
        if current is None:
            raise SandboxFault("zygote", "the keeper is closed")
        state = current.wait_ready(timeout)
        self._memory = self._memory or own_memory(current.zygote)
        return state

    def seat(self) -> Seat:
        """A place at this keeper for the calling process, also after a fork; the lane's side of it."""
        mine = os.getpid() == self._owner
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            messages.send(self._bell, {"seat": os.getpid()}, [theirs.fileno()], socket.MSG_NOSIGNAL)
        first = self._current
        assert first is not None
        if not mine:
            self._forget()
        return Seat(ours, first.isolation, first.limits, self.tend if mine else None)

    def _forget(self) -> None:
        """In a forked lane: what it inherited of the keeper must not outlive the keeper."""
        for lane in self._lanes.values():
            lane.sock.close()
        self._lanes.clear()
        self._door.close()
        self._poll.close()

    def fileno(self) -> int:
        """Readable when there is something to tend."""
        return self._poll.fileno()

    @property
    def number(self) -> int:
        """Of the zygote in use: 1 for the first."""
        return self._number

    def processes(self) -> dict[str, int]:
        """Pids of "launcher" and "zygote" of the sandbox in use."""
        return self._current.processes() if self._current is not None else {}

    def tend(self) -> None:
        """Hears the lanes, starts, swaps and ends zygotes. Never waits; a step takes some tens of milliseconds at the most."""
        if os.getpid() != self._owner or self._current is None:
            return
        for fd, _ in self._poll.poll(0):
            if fd == self._door.fileno():
                self._welcome()
            elif fd in self._lanes:
                self._hear(self._lanes[fd])
        self._look()
        if self._coming is not None:
            self._adopt()
        if self._coming is None and (reason := self._reason()):
            self._begin(reason)
        for lane in list(self._lanes.values()):
            self._give(lane)
        self._part()

    # -- lanes -------------------------------------------------------------------------------------------------------

    def _welcome(self) -> None:
        while (message := messages.receive(self._door)) is not None:
            _, descriptors = message
            lane = _Lane(socket.socket(fileno=descriptors[0]))
            self._lanes[lane.sock.fileno()] = lane
            self._poll.register(lane.sock, select.EPOLLIN)

    def _hear(self, lane: _Lane) -> None:
        try:
            while (message := messages.receive(lane.sock)) is not None:
                words, _ = message
                lane.at = int(words.get("at", lane.at))
                if words.get("of") in (0, self._number):  # 0: it has not worked with any yet
                    self._runs += int(words.get("runs", 0))
                    if reason := str(words.get("suspicion", "")):
                        self._suspect(reason, broken=bool(words.get("broken")))
        except (EOFError, messages.Nonsense):
            self._poll.unregister(lane.sock)
            del self._lanes[lane.sock.fileno()]
            lane.sock.close()

    def _suspect(self, reason: str, *, broken: bool) -> None:
        self._suspicion = self._suspicion or reason
        self._broken |= broken
        self.swap.suspicions = [*self.swap.suspicions[-19:], reason]

    def _give(self, lane: _Lane) -> None:
        """A channel to the zygote in use, for a lane that has none yet."""
        current = self._current
        if lane.sent == self._number or current is None or self._broken or current.coming() >= 0:
            return
        try:
            with current.channel() as channel:
                words = {"number": self._number, **describe(current)}
                messages.send(lane.sock, words, [channel.fileno()])
        except BlockingIOError:
            return  # it does not listen now; at the next turn
        except (SandboxFault, OSError):
            if not current.alive():
                self._broken = True
            return
        lane.sent = self._number

    # -- zygotes -----------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Whether the zygote lives and keeps its size; every few seconds."""
        current = self._current
        assert current is not None
        if self._broken:
            return
        if (fd := current.coming()) >= 0:
            if select.select([fd], [], [], 0)[0]:
                try:
                    self.wait_ready(5)
                except SandboxFault as fault:
                    self._suspect(str(fault), broken=True)
        elif not current.alive():
            self._suspect("the zygote has ended", broken=True)
        elif time.monotonic() - self._looked_at >= 5:
            self._looked_at = time.monotonic()
            used = own_memory(current.zygote)
            self._memory = self._memory or used
            if used - self._memory > self.rules.growth:
                self._suspect(f"the zygote grew from {self._memory >> 20} to {used >> 20} MiB", broken=False)

    def _reason(self) -> str:
        """Why a successor is needed now, or nothing."""
        since = time.monotonic() - self._started_at
        if self._failures and since < min(RETRY_SECONDS, 2.0**self._failures):
            return ""
        if self._broken:
            return self._suspicion or "it cannot be asked"
        if self._suspicion and since >= self.rules.pause:
            return self._suspicion
        return f"{self._runs} runs" if self._runs >= self.rules.runs else ""

    def _begin(self, reason: str) -> None:
        current = self._current
        assert current is not None
        self._started_at = time.monotonic()
        self.swap.reason = reason
        self._coming = current.again()
        self._coming_deadline = time.monotonic() + START_SECONDS
        if (fd := self._coming.coming()) >= 0:
            self._poll.register(fd, select.EPOLLIN)

    def _adopt(self) -> None:
        """Puts the successor in its place once it is ready."""
        coming = self._coming
        assert coming is not None
        fd = coming.coming()
        over = time.monotonic() >= self._coming_deadline
        if fd >= 0 and not over and not select.select([fd], [], [], 0)[0]:
            return
        if fd >= 0:
            self._poll.unregister(fd)
        self._coming = None
        try:
            coming.wait_ready(0.0 if over else 5.0)
        except SandboxFault as fault:
            coming.close()
            self._failures += 1
            self.swap.trouble = str(fault)
            return
        assert self._current is not None
        # Nobody can work on a broken one; whoever still tries learns it by its end.
        leave = 0.0 if self._broken else self.rules.leave
        self._leaving.append(_Leaving(self._current, self._number, time.monotonic() + leave))
        self._current, self._number = coming, self._number + 1
        self._runs, self._failures, self._suspicion, self._broken = 0, 0, "", False
        self._memory, self._looked_at = own_memory(coming.zygote), time.monotonic()
        self.swap.count += 1
        self.swap.trouble = ""

    def _part(self) -> None:
        """Ends old zygotes that no lane works with, or that were waited for long enough."""
        for old in list(self._leaving):
            used = any(0 < lane.at <= old.number for lane in self._lanes.values())
            if not used or time.monotonic() >= old.deadline:
                self._leaving.remove(old)
                old.sandbox.close()

    def close(self) -> None:
        """Ends every zygote; in a forked lane nothing."""
        if os.getpid() != self._owner or self._current is None:
            return
        for sandbox in (*(old.sandbox for old in self._leaving), self._coming, self._current):
            if sandbox is not None:
                sandbox.close()
        self._current = self._coming = None
        self._leaving.clear()
        for lane in self._lanes.values():
            lane.sock.close()
        self._lanes.clear()
        for end in (self._door, self._bell):
            end.close()
        self._poll.close()

    def __enter__(self) -> Keeper:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def own_memory(pid: int) -> int:
    """Bytes of anonymous memory of a process; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/status") as file:
            return next((int(line.split()[1]) << 10 for line in file if line.startswith("RssAnon:")), 0)
    except OSError:
        return 0
