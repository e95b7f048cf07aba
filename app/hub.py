"""The web's side of the worker's socket: wakes it, and tells whoever watches a submission how far it is.

A watcher is told everything from the start, or from the event that he saw last, and always learns the end: where the
socket is silent or gone, the database is asked.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from sqlalchemy import select

from app import channel
from app.db import Database, DatabaseTrouble
from app.models import State, Submission
from app.submissions import OPEN

BEAT_SECONDS = 15.0
POLL_SECONDS = 1.0  # between looks into the database while the worker is not connected
SLOW_POLL_SECONDS = 5.0  # and while it is: a lost message must not be lost for ever
PLACE_SECONDS = 0.5  # a watcher's place in the queue is told at most this often
LONGEST_PAUSE = 30.0  # before a worker that speaks another language is heard again
KEPT = 512  # submissions whose progress is remembered


@dataclass(frozen=True)
class Progress:
    """Something that a watcher is told.

    kind `state`: {state, attempt, place, total}: `place` submissions are before it while it is queued, and `total` cases are
    expected once that is known; a new attempt begins with one. `case`: {done, total, passed, failed, case: {name, title,
    group, status}}. `end`: {state, verdict}; nothing follows. `beat`: nothing happened for a while; it has no data.
    """

    id: str  # given to `watch` as `after`, it goes on behind this one
    kind: str
    data: dict[str, Any]


@dataclass(frozen=True)
class WorkerStatus:
    """What the worker says of itself."""

    ready: bool = False  # it can grade: torch is loaded, the sandbox stands
    lanes: int = 0
    isolation: str = ""  # the level in force
    trouble: str = ""  # `isolation`, `sandbox` or `database`: why it cannot grade
    why: str = ""  # the details, in English, for an operator


@dataclass
class Track:
    """What the worker told of one submission's progress."""

    run: str = ""  # names one claim of it: a submission that is judged again begins anew
    attempt: int = 0
    total: int | None = None
    cases: list[dict[str, Any]] = field(default_factory=list)
    running: bool = False
    end: dict[str, Any] | None = None
    ended: float = 0.0  # when we heard of it


@dataclass(frozen=True)
class Seen:
    """What the database said of a submission."""

    state: State
    verdict: str | None
    attempt: int


GONE = Seen(State.CANCELLED, None, 0)  # a row that was there and was deleted: nobody will judge it


class Hub:
    """One a web process. `async with hub` keeps the connection; without it, watching works by the database alone."""

    def __init__(self, folder: Path, db: Database) -> None:
        self.alive = False  # the worker is connected
        self.status = WorkerStatus()
        self._folder = folder
        self._db = db
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._tracks: OrderedDict[str, Track] = OrderedDict()
        self._watchers: dict[str, set[asyncio.Event]] = {}
        self._looking: asyncio.Task[None] | None = None
        self._looking_at: tuple[str, ...] = ()
        self._looked = 0.0  # when the last look began
        self._seen: dict[str, Seen] = {}  # what it found of the watched
        self._queue: dict[str, int] = {}  # id -> place
        self._closing = False

    # -- asked by routes, from any thread ------------------------------------------------------------------------------

    def wake(self) -> None:
        """Tells the worker that something waits."""
        self._send(op="wake")

    def cancel(self, submission: str) -> None:
        """Tells the worker to stop judging it, and who watches to look; the row has been marked before."""
        self._send(op="cancel", id=submission)
        if (loop := self._loop) is not None and not loop.is_closed():
            loop.call_soon_threadsafe(lambda: self._tell(self._watchers))

    async def watch(
        self, submission: str, after: str | None = None, *, beat: float = BEAT_SECONDS
    ) -> AsyncIterator[Progress]:
        """Tells of a submission until its end, or until the server stops. Nothing at all when there is none of this id."""
        changed = asyncio.Event()
        self._watchers.setdefault(submission, set()).add(changed)
        try:
            teller, soon = Teller(after), False
            await self._look(submission)
            told = time.monotonic()
            while not self._closing and (seen := self._seen.get(submission)) is not None:
                changed.clear()
                track = self._tracks.get(submission)
                for progress in teller.news(seen, self._queue.get(submission), track):
                    yield progress
                    told = time.monotonic()
                    if progress.kind == "end":
                        return
                pause = PLACE_SECONDS if soon else SLOW_POLL_SECONDS if self.alive else POLL_SECONDS
                look = self._looked + pause
                if await _woken(changed, min(look, told + beat)):
                    track = self._tracks.get(submission)
                    soon = track is None or not track.running  # the queue moved: what is its place now?
                if time.monotonic() >= look:
                    soon = False
                    await self._look(submission)
                if time.monotonic() >= told + beat:
                    yield Progress(teller.cursor, "beat", {})
                    told = time.monotonic()
        finally:
            left = self._watchers[submission]
            left.discard(changed)
            if not left:
                del self._watchers[submission]
                self._seen.pop(submission, None)

    def stop_watching(self) -> None:
        """Ends every watcher's stream, as the server stops."""
        self._closing = True
        self._tell(self._watchers)

    # -- the connection ------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._stay_connected())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop_watching()
        loop, self._loop = self._loop, None
        if loop is not None and self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _stay_connected(self) -> None:
        pause, misfits = 0.05, 0
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(
                    sock=channel.connect(self._folder), limit=channel.LONGEST_LINE
                )
            except OSError:
                await asyncio.sleep(pause)
                pause = min(1.0, pause * 1.5)
                continue
            try:
                self._writer = writer
                async for line in reader:
                    self._hear(json.loads(line))
                    pause = 0.05
                misfits = 0
            except OSError:
                pass
            except (ValueError, LookupError, TypeError, AttributeError) as error:
                # No line, one that is too long, or one of another version, as while one of the two is being replaced.
                misfits += 1
                pause = min(LONGEST_PAUSE, 0.5 * 2**misfits)
                if misfits == 1:
                    print(f"torchkata: the worker speaks another language: {error!r}", file=sys.stderr, flush=True)
            finally:
                self._writer, self.alive, self.status = None, False, WorkerStatus()
                writer.close()
                for track in self._tracks.values():
                    track.running = False  # from here on the database says how it stands
                self._tell(self._watchers)
            await asyncio.sleep(pause)

    def _send(self, **words: Any) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._write, channel.line(**words))

    def _write(self, data: bytes) -> None:
        if self._writer is not None:
            self._writer.write(data)

    def _hear(self, words: dict[str, Any]) -> None:
        """Takes in one message of the worker."""
        kind = words["type"]
        if kind in ("hello", "status"):
            self.alive = True
            self.status = WorkerStatus(**words["status"])
            for one in words.get("running", ()):
                track = self._track(one["id"])
                track.run, track.attempt, track.total = one["run"], one["attempt"], one["total"]
                track.cases, track.running, track.end = list(one["cases"]), True, None
            self._tell(self._watchers)
            return
        name = words["id"]
        track = self._track(name)
        if kind == "begin":
            track.run, track.attempt, track.total = words["run"], words["attempt"], None
            track.cases, track.running, track.end = [], True, None
        elif kind == "total":
            track.total = words["total"]
        elif kind == "case":
            track.cases.append(words["case"])
        elif kind == "queued":
            track.running = False
        elif kind == "end":
            track.running, track.ended = False, time.monotonic()
            track.end = {"state": words["state"], "verdict": words["verdict"]}
        self._tell(self._watchers if kind in ("begin", "end", "queued") else (name,))

    def _track(self, name: str) -> Track:
        track = self._tracks.setdefault(name, Track())
        self._tracks.move_to_end(name)
        while len(self._tracks) > KEPT:
            self._tracks.popitem(last=False)
        return track

    def _tell(self, names: Iterable[str]) -> None:
        for name in list(names):
            for event in self._watchers.get(name, ()):
                event.set()

    # -- the database --------------------------------------------------------------------------------------------------

    async def _look(self, name: str) -> None:
        """Looks at every watched submission, with one query for all who ask at the same time."""
        loop = asyncio.get_running_loop()
        seen = False
        while not seen:
            task = self._looking
            if task is None or task.done() or task.get_loop() is not loop:
                self._looking_at = tuple(self._watchers)
                self._looked = time.monotonic()
                self._looking = task = loop.create_task(self._look_at(self._looking_at))
            seen = name in self._looking_at  # else it began before we came: the next one will be for all who wait now
            await asyncio.shield(task)

    async def _look_at(self, names: tuple[str, ...]) -> None:
        began = time.monotonic()
        try:
            seen, self._queue = await asyncio.to_thread(self._read, names)
        except DatabaseTrouble:
            return  # the next look may be luckier
        self._seen |= {name: what for name, what in seen.items() if name in self._watchers}
        for name in self._seen.keys() & set(names) - seen.keys():
            self._seen[name] = GONE
        for name, what in seen.items():
            track = self._tracks.get(name)
            if what.state in OPEN and track is not None and track.end is not None and track.ended < began:
                del self._tracks[name]  # an operator has queued it again since

    def _read(self, names: tuple[str, ...]) -> tuple[dict[str, Seen], dict[str, int]]:
        columns = (Submission.id, Submission.state, Submission.verdict, Submission.attempt)
        order = (Submission.priority.desc(), Submission.created, Submission.id)
        waiting = select(Submission.id).where(Submission.state == State.QUEUED).order_by(*order).limit(10_000)
        with self._db.reading() as session:
            rows = session.execute(select(*columns).where(Submission.id.in_(names)))
            seen = {name: Seen(State(state), verdict, attempt) for name, state, verdict, attempt in rows}
            queue = {name: number for number, name in enumerate(session.scalars(waiting))}
        return seen, queue


class Teller:
    """Turns what is known of a submission into what one watcher has not been told yet."""

    def __init__(self, after: str | None) -> None:
        run, _, number = (after or "").partition(".")
        self._run, self._cases = (run, int(number)) if number.isdecimal() else ("", 0)
        self._told: dict[str, Any] | None = None

    @property
    def cursor(self) -> str:
        """The id of what was told last."""
        return f"{self._run}.{self._cases}"

    def news(self, seen: Seen, place: int | None, track: Track | None) -> list[Progress]:
        """What is new since the last call."""
        known = track or Track()
        state, attempt, end = seen.state, seen.attempt, known.end
        if known.running:
            state, attempt, place = State.RUNNING, known.attempt, None
        elif end is None and state not in OPEN:
            end = {"state": str(state), "verdict": seen.verdict}
        if known.run != self._run:
            self._run, self._cases = known.run, 0
        news = []
        now = {"state": str(state), "attempt": attempt, "place": place, "total": known.total}
        if end is None and now != self._told:
            self._told = now
            news.append(Progress(self.cursor, "state", now))
        for number in range(self._cases, len(known.cases)):
            self._cases = number + 1
            news.append(Progress(self.cursor, "case", _told_case(known.cases[: number + 1], known.total)))
        if end is not None:
            news.append(Progress(self.cursor, "end", end))
        return news


def _told_case(cases: list[dict[str, Any]], total: int | None) -> dict[str, Any]:
    passed = sum(case["status"] == "passed" for case in cases)
    return {
        "done": len(cases),
        "total": total,
        "passed": passed,
        "failed": len(cases) - passed,
        "case": cases[-1],
    }


async def _woken(changed: asyncio.Event, until: float) -> bool:
    """Waits for the event, until a moment of time.monotonic at most; True when it came."""
    try:
        await asyncio.wait_for(changed.wait(), max(0.0, until - time.monotonic()))
    except TimeoutError:
        return False
    return True
