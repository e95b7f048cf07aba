"""The trusted side: starts the zygote and opens lanes to it.

Nothing waits without a deadline, and no path that a jail could have made is ever opened: what crosses are descriptors,
small messages of the zygote, and the one READY frame of a jail that has seen no submission yet.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from types import TracebackType
from typing import Any

from graders.sandbox import start
from graders.sandbox.cgroup import Group, NoCgroup
from graders.sandbox.jail import Jail
from graders.sandbox.lane import Lane, lost
from graders.sandbox.levels import Isolation, IsolationRefused, IsolationState, Limits, Part, SandboxFault


class Sandbox:
    """One zygote and its jails; one a host.

    Start it in a thread that lives as long as it should: the kernel ends the launcher with the thread that started it.
    """

    def __init__(self, isolation: Isolation, limits: Limits, *, warm_compiler: bool, collapse: bool) -> None:
        self.isolation = isolation
        self.limits = limits
        self.state = IsolationState(Isolation.NONE, ())
        self.capability = ""  # the zygote's cpu capability, as torch calls it
        self.zygote = 0  # its pid
        self.suspicion = ""  # what a sound sandbox does not do, and this one did
        self._options = {"warm_compiler": warm_compiler, "collapse": collapse}
        self._owner = os.getpid()
        self._group: Group | None = None
        self._parts: list[Part] = []
        self._fault: SandboxFault | None = None
        self._started: start.Started | None = None
        self._ready = False
        self._waiting = threading.Lock()
        self._lanes: list[Lane] = []
        self._jails: dict[int, Jail] = {}

    @classmethod
    def start(
        cls,
        isolation: Isolation = Isolation.FULL,
        *,
        limits: Limits | None = None,
        warm_compiler: bool = False,
        collapse: bool = False,
    ) -> Sandbox:
        """Starts the zygote and returns at once; it imports torch meanwhile. What goes wrong is raised by `wait_ready`.

        warm_compiler: torch._dynamo is imported too (0.7 s); collapse: huge pages under its heap (slower start, faster forks).
        """
        sandbox = cls(isolation, limits or Limits(), warm_compiler=warm_compiler, collapse=collapse)
        sandbox._begin(None)
        return sandbox

    def _begin(self, missing: Part | None) -> None:
        """Launches; `missing` is what namespaces failed at before."""
        try:
            self._prepare()
            if missing is not None:
                self._found(missing)
            self._launch(namespaces=self.isolation is not Isolation.NONE and missing is None)
        except SandboxFault as fault:
            self._fault = fault

    def _prepare(self) -> None:
        if self.isolation is Isolation.NONE:
            return
        try:
            self._group = Group.open(self.limits)
            self._found(Part("cgroup", True, None, "memory and pids"))
        except NoCgroup as error:
            self._found(Part("cgroup", False, error.errno, error.cause, error.cure))
        self._found(start.find_landlock())

    def _found(self, part: Part) -> None:
        """Notes a part; FULL goes on with none missing."""
        self._parts.append(part)
        if not part.ok and self.isolation is Isolation.FULL:
            raise IsolationRefused(part.name, part.cause, part.cure)

    def _launch(self, *, namespaces: bool) -> None:
        locked = self.isolation is not Isolation.NONE
        self._started = start.launch(
            self.limits,
            locked=locked,
            namespaces=namespaces,
            cgroup=self._group is not None,
            landlock=any(part.name == "landlock" and part.ok for part in self._parts),
            **self._options,
        )

    def wait_ready(self, timeout: float = 60) -> IsolationState:
        """Until jails can be asked for; gives what is in force. Raises IsolationRefused or SandboxFault, with the cure.

        Any thread may wait, also several at once.
        """
        if self._ready:
            return self.state
        deadline = time.monotonic() + timeout
        if not self._waiting.acquire(timeout=max(0.0, timeout)):
            raise SandboxFault("zygote", "it was not ready in time", "the machine may be overloaded; try again")
        try:
            return self._wait(deadline)
        finally:
            self._waiting.release()

    def _wait(self, deadline: float) -> IsolationState:
        if self._ready:
            return self.state  # another thread waited
        while self._fault is None:
            try:
                self._wait_started(deadline)
                return self.state
            except SandboxFault as fault:
                self._fault = fault
        self._stop()
        raise self._fault

    def _wait_started(self, deadline: float) -> None:
        started = self._started
        assert started is not None
        words = started.wait(deadline)
        failed = start.find_failure(started, words)
        if failed is not None:
            part, is_namespace = failed
            started.stop()
            if not is_namespace:
                raise SandboxFault(part.name, part.cause, part.cure)
            self._found(part)
            self._launch(namespaces=False)
            self._wait_started(deadline)
            return
        assert words is not None
        self.capability = str(words["capability"])
        self.zygote = started.processes().get("zygote", 0)
        if started.namespaces:
            self._parts.append(Part("user_namespaces", True, None, "user, pid, mount, net, ipc, uts; private root"))
        if self.isolation is not Isolation.NONE:
            self._parts.append(Part("seccomp", True, None, "filter loaded, no_new_privs"))
        complete = all(part.ok for part in self._parts) and started.namespaces
        level = Isolation.FULL if complete else Isolation.REDUCED
        self.state = IsolationState(Isolation.NONE if self.isolation is Isolation.NONE else level, tuple(self._parts))
        self._ready = True  # last: another thread may look at any moment

    def lane(self) -> Lane:
        """A lane of its own; in another process it is used after a fork, and closed here. Raises as `wait_ready` does."""
        lane = Lane(self.channel(), self.limits, self._group, self.zygote, self._jails, self.suspect)
        self._lanes.append(lane)
        return lane

    def channel(self) -> socket.socket:
        """Our end of a new channel to the zygote, which a lane may be made of in any process."""
        self.wait_ready()
        if self._started is None:
            raise lost()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                self._started.send({"op": "channel"}, theirs.fileno())
            except OSError as error:
                ours.close()
                raise lost() from error
        return ours

    def suspect(self, reason: str) -> None:
        """Notes what a sound sandbox does not do; the next `renew` starts another one."""
        self.suspicion = self.suspicion or reason

    def groups(self) -> list[list[Any]] | None:
        """Where its leaves are made, for a lane in another process; None without a cgroup."""
        return self._group.words() if self._group is not None else None

    def again(self) -> Sandbox:
        """Another one like it, started at once, with the parts that were missing here still missing."""
        fresh = Sandbox(self.isolation, self.limits, **self._options)
        fresh._begin(next((part for part in self._parts if part.name in start.NAMESPACE_STAGES and not part.ok), None))
        return fresh

    def renew(self) -> Sandbox:
        """After a fault: itself when it is well, else a fresh one in its place. Raises as `wait_ready` does."""
        if self.alive() and not self.suspicion:
            return self
        self.close()
        fresh = self.again()
        try:
            fresh.wait_ready()
        except SandboxFault:
            fresh.close()
            raise
        return fresh

    def coming(self) -> int:
        """A descriptor that is readable when `wait_ready` has something to take; -1 when there is nothing to wait for."""
        return -1 if self._ready or self._started is None else self._started.fileno()

    def alive(self) -> bool:
        """True while the zygote runs."""
        return self._started is not None and self._started.alive()

    def processes(self) -> dict[str, int]:
        """Pids of "launcher" and "zygote", as far as they are running."""
        return self._started.processes() if self._started is not None else {}

    def jail_pids(self) -> list[int]:
        """Pids of the jails that this process knows to run."""
        return [pid for pid in list(self._jails) if pid]

    def close(self) -> None:
        """Ends everything below: lanes, jails, zygote, launcher, cgroups."""
        if os.getpid() != self._owner:
            return  # a forked lane's copy; the sandbox is its parent's
        for lane in self._lanes:
            lane.close()
        self._lanes.clear()
        self._stop()

    def _stop(self) -> None:
        if self._started is not None:
            self._started.stop()
            self._started = None
        if self._group is not None:
            self._group.close()
            self._group = None

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
