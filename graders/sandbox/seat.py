"""A lane's side of a keeper: takes jails of the zygote in use, and moves to its successor between grades without waiting.

A `Seat` stands where a grader wants a `Sandbox`, a `SteadyLane` where it wants a `Lane`.
"""

from __future__ import annotations

import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graders.sandbox import messages
from graders.sandbox.cgroup import Group
from graders.sandbox.host import Sandbox
from graders.sandbox.jail import Jail, readable
from graders.sandbox.lane import PATIENCE, Lane, lost
from graders.sandbox.levels import Isolation, IsolationState, Limits, Part, SandboxFault

NEW_ZYGOTE = 60.0  # seconds for a channel to a zygote, which may have to import torch first


@dataclass
class Offer:
    """A channel to one zygote."""

    number: int
    sock: socket.socket
    zygote: int
    group: Group | None
    state: IsolationState


def describe(sandbox: Sandbox) -> dict[str, Any]:
    """What a seat has to know of a sandbox that it did not start."""
    state = sandbox.state
    return {
        "zygote": sandbox.zygote,
        "group": sandbox.groups(),
        "level": str(state.level),
        "missing": [part.name for part in state.parts if not part.ok],
    }


class Seat:
    """One lane's place at the keeper; `tend` is given where the keeper lives in the same process."""

    def __init__(
        self, sock: socket.socket, isolation: Isolation, limits: Limits, tend: Callable[[], None] | None
    ) -> None:
        self.isolation = isolation
        self.limits = limits
        self._sock = sock
        self._tend = tend
        self._offer: Offer | None = None  # the newest; taken by `lane`
        self._state: IsolationState | None = None
        self._number = 0  # of the newest zygote that a lane was made to
        self._unsaid: deque[dict[str, Any]] = deque(maxlen=64)
        self._orphan = False

    def fileno(self) -> int:
        """Readable when the keeper has a fresher zygote."""
        return self._sock.fileno()

    def wait_ready(self, timeout: float = NEW_ZYGOTE) -> IsolationState:
        """What is in force in the zygote in use."""
        if self._state is None:
            self._state = self._wait_newer(timeout).state
        return self._state

    def alive(self) -> bool:
        """True while there is a keeper."""
        self._listen()
        return not self._orphan

    def newer(self) -> bool:
        """True when the keeper gave a channel to a zygote that this lane has not moved to."""
        self._listen()
        return self._offer is not None

    def lane(self) -> SteadyLane:
        """Jails, whatever happens to the zygote. Raises SandboxFault when there is none to be had."""
        return SteadyLane(self)

    def suspect(self, reason: str) -> None:
        """Tells the keeper what a sound sandbox does not do."""
        self._say(suspicion=reason[:200])

    def renew(self) -> Seat:
        """After a fault: the next lane is one of a zygote that lives. Raises SandboxFault when there is no keeper."""
        if not self.alive():
            raise lost()
        return self

    def close(self) -> None:
        """Gives the seat up."""
        if self._offer is not None:
            self._offer.sock.close()
            self._offer = None
        self._sock.close()

    def __enter__(self) -> Seat:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- what a SteadyLane asks ----------------------------------------------------------------------------------------

    def take_offer(self, timeout: float = NEW_ZYGOTE) -> tuple[Lane, Offer]:
        """A lane over the newest channel, waiting for one."""
        offer = self._wait_newer(timeout)
        self._offer = None
        self._number = offer.number

        def suspect(reason: str) -> None:
            self._say(suspicion=reason[:200], of=offer.number)

        return Lane(offer.sock, self.limits, offer.group, offer.zygote, suspect=suspect), offer

    def moved(self, offer: Offer | None) -> None:
        """Nothing of other zygotes is used any more."""
        if offer is not None:
            self._state = offer.state
        self._say(at=offer.number if offer else 0)

    def count(self, runs: int, offer: Offer) -> None:
        """Runs of a zygote since the last time."""
        self._say(runs=runs, of=offer.number)

    def spoiled(self, offer: Offer) -> None:
        """This zygote cannot be asked any more."""
        self._say(suspicion="the zygote is gone, silent or makes no sense", broken=True, of=offer.number)

    def _say(self, **words: Any) -> None:
        """Sends now, or with the next message where the keeper does not listen."""
        self._unsaid.append({"of": self._number, **words})
        while self._unsaid and not self._orphan:
            try:
                messages.send(self._sock, self._unsaid[0])
            except BlockingIOError:
                return
            except OSError:
                self._orphan = True
                return
            self._unsaid.popleft()

    def _wait_newer(self, timeout: float) -> Offer:
        """The offer of a zygote that no lane was made to yet."""
        deadline = time.monotonic() + timeout
        while True:
            self._listen()
            if self._offer is not None:
                return self._offer
            if self._orphan:
                raise lost()
            left = deadline - time.monotonic()
            if left <= 0:
                raise SandboxFault("zygote", "there is none to be had", "see `torchkata doctor`; grade again")
            readable(self._sock.fileno(), min(left, 0.02 if self._tend else 1.0))

    def _listen(self) -> None:
        """Takes what the keeper offers; of several offers the newest."""
        if self._tend is not None:
            self._tend()
        while not self._orphan:
            try:
                message = messages.receive(self._sock)
            except (EOFError, messages.Nonsense):
                self._orphan = True
                return
            if message is None:
                return
            words, (channel,) = message
            if self._offer is not None:
                self._offer.sock.close()
            state = IsolationState(Isolation(words["level"]), tuple(Part(name, False) for name in words["missing"]))
            group = Group.known(words["group"], self.limits) if words["group"] else None
            self._offer = Offer(words["number"], socket.socket(fileno=channel), words["zygote"], group, state)


class SteadyLane:
    """A lane that outlives its zygote; used like a `Lane`."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._lane, self._offer = seat.take_offer()
        self._next: tuple[Lane, Offer] | None = None
        self._counted = 0
        seat.moved(self._offer)

    def request(self, n: int = 1) -> None:
        """Asks for n more jails, of the successor where one has just come."""
        if self._next is None and self._seat.newer():
            self._follow(n)
        else:
            self._lane.request(n)

    def take(self, timeout: float = PATIENCE) -> Jail:
        """A ready jail. Where the zygote is gone, of another one, which is waited for."""
        for again in (True, False):
            try:
                return self._lane.take(timeout)
            except SandboxFault as fault:
                if not self._lane.lost:
                    raise
                self._seat.spoiled(self._offer)
                if fault.part != "zygote" or not again:  # it was waited for long enough
                    raise
            self._move()
        raise AssertionError("unreachable")

    def settle(self) -> None:
        """Between grades, also when there is nothing to grade: counts, and moves on as soon as that costs no waiting."""
        if (asked := self._lane.asked) > self._counted:
            self._seat.count(asked - self._counted, self._offer)
            self._counted = asked
        if self._next is None and self._seat.newer():
            self._follow(0)
        elif self._next is not None:
            try:
                if self._next[0].has_ready():
                    self._move()
                elif self._next[0].lost:
                    self._drop()
            except (SandboxFault, OSError):
                self._drop()

    def _follow(self, n: int) -> None:
        """Has jails made by the successor, as many as wait here and n more; the old ones serve until those are ready."""
        lane, offer = self._seat.take_offer(0)
        self._next = lane, offer
        lane.request(max(1, self._lane.waiting + n))

    def _move(self) -> None:
        """To the successor; where there is none yet, to the keeper's next offer, which is waited for."""
        old = self._lane
        self._lane, self._offer = self._next or self._seat.take_offer()
        self._next = None
        self._counted = 0
        old.close()
        self._seat.moved(self._offer)

    def _drop(self) -> None:
        """The successor is no better; the keeper will find another."""
        if self._next is not None:
            lane, offer = self._next
            self._seat.spoiled(offer)
            lane.close()
            self._next = None

    def close(self) -> None:
        """Ends all its jails."""
        self._lane.close()
        if self._next is not None:
            self._next[0].close()
            self._next = None
        self._seat.moved(None)
