"""A lane: one control channel to the zygote, and the jails that were asked for over it.

What the zygote says is believed only where it makes sense. A message that does not, an answer that nobody asked for, or
silence ends the lane as if the zygote had died, and is told as a suspicion.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
import time
from collections.abc import Callable

from graders.sandbox import messages
from graders.sandbox.cgroup import Group
from graders.sandbox.jail import AGAIN, Jail, readable
from graders.sandbox.levels import Limits, SandboxFault

PATIENCE = 10  # seconds that a busy zygote may take


class Lane:
    """A control channel of its own to the zygote: usable in the process that it was made for, also after a fork."""

    def __init__(
        self,
        sock: socket.socket,
        limits: Limits,
        group: Group | None,
        zygote: int,
        jails: dict[int, Jail] | None = None,
        suspect: Callable[[str], None] = lambda reason: None,
    ) -> None:
        # Not settimeout: Python would then wait before each receive that asks not to wait.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", PATIENCE, 0))
        self._sock = sock
        self._zygote = zygote
        self._suspect = suspect
        self._limits = limits
        self._group = group
        self._asked: dict[int, Jail] = {}  # not handed out yet, in order
        self._out: dict[int, Jail] = {}
        self._jails = {} if jails is None else jails  # all of the sandbox's, by pid
        self._number = 0  # jails asked for
        self._heard = 0  # messages about them: at most two each
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
            jail.suspect = self._suspect
            descriptors = jail.descriptors()
        except OSError as error:
            if jail is not None:
                jail.finish(0)
            if error.errno == errno.ENOENT:
                self._suspect("its cgroup is gone")
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

    @property
    def asked(self) -> int:
        """Jails asked for so far."""
        return self._number

    @property
    def waiting(self) -> int:
        """Jails that were asked for and not taken yet."""
        return len(self._asked)

    @property
    def lost(self) -> bool:
        """True when the zygote is gone, or cannot be believed."""
        self._receive_all()
        return self._lost

    def has_ready(self) -> bool:
        """True when `take` would not wait. Raises as `take` does."""
        self._receive_all()
        return any(jail.read_ready() for jail in self._asked.values())

    def settle(self) -> None:
        """Between grades: nothing to do for a lane whose zygote is not swapped (graders/sandbox/seat.py)."""

    def take(self, timeout: float = PATIENCE) -> Jail:
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
                self._lost = True
                self._suspect("no jail came in time")
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
        except messages.Nonsense as error:
            return self._distrust(str(error))
        if message is None:
            return False
        words, descriptors = message
        self._heard += 1
        number = next((words[key] for key in ("forked", "failed", "exited") if key in words), 0)
        if type(number) is not int:
            number = 0
        jail = self._asked.get(number) or self._out.get(number)
        try:
            if self._heard > 2 * self._number:
                raise messages.Nonsense("more answers than questions")
            if jail is not None:
                jail.hear(words, descriptors, self._zygote, self._wait_exited)
                descriptors = []
        except messages.Nonsense as error:
            return self._distrust(str(error))
        finally:
            for fd in descriptors:
                os.close(fd)
        if jail is None:
            return True
        if "forked" in words:
            self._jails[jail.pid] = jail
        elif "exited" in words:
            self._out.pop(number, None)
            self._jails.pop(jail.pid, None)
        return True

    def _distrust(self, reason: str) -> bool:
        """From here on the zygote counts as gone."""
        self._lost = True
        self._suspect(f"the zygote sent {reason}")
        return False

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
