"""The trusted side: starts the zygote, opens lanes to it, hands out jails.

Nothing waits without a deadline, and no path that a jail could have made is ever opened: what crosses are descriptors,
small messages of the zygote, and the one READY frame of a jail that has seen no submission yet.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import time
from types import TracebackType

from graders.sandbox import messages, start
from graders.sandbox.cgroup import Group, NoCgroup
from graders.sandbox.jail import AGAIN, Jail, readable
from graders.sandbox.levels import Isolation, IsolationRefused, IsolationState, Limits, Part, SandboxFault


class Lane:
    """A control channel of its own to the zygote: usable in the process that it was made for, also after a fork."""

    def __init__(self, sock: socket.socket, limits: Limits, group: Group | None, jails: dict[int, Jail]) -> None:
        self._sock = sock
        self._limits = limits
        self._group = group
        self._asked: dict[int, Jail] = {}  # not handed out yet, in order
        self._out: dict[int, Jail] = {}
        self._jails = jails  # all of the sandbox's, by pid
        self._number = 0
        self._lost = False

    def request(self, n: int = 1) -> None:
        """Asks for n more jails and does not wait. They lock themselves; nobody need look after them until `take`."""
        for _ in range(n):
            self._request_one()

    def _request_one(self) -> None:
        self._number += 1
        jail = None
        try:
            jail = Jail(self._number, self._limits, self._group.leaf() if self._group else None)
            descriptors = jail.descriptors()
        except OSError as error:
            if jail is not None:
                jail.finish(0)
            raise SandboxFault("host", f"no jail could be prepared: {error}", AGAIN) from error
        try:
            # May wait for a busy zygote, as long as SO_SNDTIMEO says.
            messages.send(self._sock, {"op": "fork", "n": self._number}, descriptors, socket.MSG_NOSIGNAL)
        except OSError as error:
            self._lost = True
            jail.finish(0)
            raise lost() from error
        finally:
            for fd in descriptors:
                os.close(fd)
        self._asked[self._number] = jail

    def take(self, timeout: float = 10) -> Jail:
        """A ready, locked jail that nobody used; asks for one itself where none is under way.

        Raises SandboxFault when the zygote is gone, a step of the lock-down failed, or none was ready in time.
        """
        deadline = time.monotonic() + timeout
        while True:
            self._receive_all()
            if not self._asked:
                self._request_one()
            number, jail = next(iter(self._asked.items()))
            try:
                if jail.read_ready() and not jail.ended():
                    del self._asked[number]
                    self._out[number] = jail
                    return jail
                if jail.ended():  # killed by somebody while it waited in the pool: another one will do
                    self._discard(number)
                    continue
            except SandboxFault:
                self._discard(number)
                if self._lost:
                    raise lost() from None
                raise
            if self._lost:
                raise lost()
            left = deadline - time.monotonic()
            if left <= 0:
                self._discard(number)
                raise SandboxFault(
                    "jail", f"none was ready within {timeout:g} s", "the machine may be overloaded; grade again"
                )
            self._wait_for(jail, left)

    def _wait_for(self, jail: Jail, timeout: float) -> None:
        waiting = select.poll()
        waiting.register(self._sock, select.POLLIN)
        if jail.pidfd >= 0:
            waiting.register(jail.result, select.POLLIN)
            waiting.register(jail.pidfd, select.POLLIN)
        waiting.poll(max(1.0, timeout * 1000))

    def _discard(self, number: int) -> None:
        jail = self._asked.pop(number)
        jail.finish(1)
        self._jails.pop(jail.pid, None)

    def _receive_all(self) -> None:
        while not self._lost and self._receive():
            pass

    def _receive(self) -> bool:
        """Takes one message if there is one."""
        try:
            message = messages.receive(self._sock)
        except EOFError:
            self._lost = True
            return False
        if message is None:
            return False
        words, descriptors = message
        number = int(words.get("forked", words.get("failed", words.get("exited", 0))))
        jail = self._asked.get(number) or self._out.get(number)
        pidfd = descriptors[0] if descriptors else None
        if jail is None:
            if pidfd is not None:
                os.close(pidfd)
            return True
        jail.hear(words, pidfd, self._wait_exited)
        if "forked" in words:
            self._jails[jail.pid] = jail
        elif "exited" in words:
            self._out.pop(number, None)
            self._jails.pop(jail.pid, None)
        return True

    def _wait_exited(self, jail: Jail, deadline: float) -> bool:
        """Until the zygote told how a jail ended; False when it is gone or silent."""
        while jail._status is None and not self._lost:
            if not self._receive() and not self._lost:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                readable(self._sock.fileno(), left)
        return jail._status is not None

    def close(self) -> None:
        """Ends all its jails."""
        if self._sock.fileno() < 0:
            return
        self._receive_all()
        jails = [*self._asked.values(), *self._out.values()]
        for jail in jails:
            jail.kill()
        for jail in jails:
            if jail.pidfd >= 0:
                jail.finish()
                self._jails.pop(jail.pid, None)
        self._sock.close()  # the zygote kills what it forked for us and we have not heard of
        for jail in jails:
            jail.finish(1)
        self._asked.clear()
        self._out.clear()


def lost() -> SandboxFault:
    """The zygote ended."""
    return SandboxFault("zygote", "the process that makes jails has ended", "start the sandbox again")


class Sandbox:
    """One zygote and its jails; one a host.

    Start it in a thread that lives as long as it should: the kernel ends the launcher with the thread that started it.
    """

    def __init__(self, isolation: Isolation, limits: Limits, *, warm_compiler: bool, collapse: bool) -> None:
        self.isolation = isolation
        self.limits = limits
        self.state = IsolationState(Isolation.NONE, ())
        self.capability = ""  # the zygote's cpu capability, as torch calls it
        self._options = {"warm_compiler": warm_compiler, "collapse": collapse}
        self._owner = os.getpid()
        self._group: Group | None = None
        self._parts: list[Part] = []
        self._fault: SandboxFault | None = None
        self._started: start.Started | None = None
        self._ready = False
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
        try:
            sandbox._prepare()
            sandbox._launch(namespaces=isolation is not Isolation.NONE)
        except SandboxFault as fault:
            sandbox._fault = fault
        return sandbox

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
        """Until jails can be asked for; gives what is in force. Raises IsolationRefused or SandboxFault, with the cure."""
        if self._ready:
            return self.state
        deadline = time.monotonic() + timeout
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
        self._ready = True
        if started.namespaces:
            self._parts.append(Part("user_namespaces", True, None, "user, pid, mount, net, ipc, uts; private root"))
        if self.isolation is not Isolation.NONE:
            self._parts.append(Part("seccomp", True, None, "filter loaded, no_new_privs"))
        complete = all(part.ok for part in self._parts) and started.namespaces
        level = Isolation.FULL if complete else Isolation.REDUCED
        self.state = IsolationState(Isolation.NONE if self.isolation is Isolation.NONE else level, tuple(self._parts))

    def lane(self) -> Lane:
        """A lane of its own; in another process it is used after a fork, and closed here. Raises as `wait_ready` does."""
        self.wait_ready()
        assert self._started is not None
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                self._started.send({"op": "channel"}, theirs.fileno())
            except OSError as error:
                ours.close()
                raise lost() from error
        # Not settimeout: Python would then wait before each receive that asks not to wait.
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 10, 0))
        lane = Lane(ours, self.limits, self._group, self._jails)
        self._lanes.append(lane)
        return lane

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
