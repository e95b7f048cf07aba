"""The worker: takes submissions from the queue, has them judged by its lanes, writes what comes of it. It loads no torch.

It holds locks on the data folder and the database, so that whatever is marked running at its start was left behind and is
queued again.
The web process wakes it over the socket; it looks into the queue by itself, too, every second.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import select

from app import channel, queue
from app.crew import Crew, CrewTrouble, Lane, LaneLost
from app.db import Database, DatabaseTrouble
from app.errors import AppError, UsageError
from app.folder import prepare
from app.hub import WorkerStatus
from app.models import State, Submission
from app.queue import Ended
from app.settings import Settings, resolve
from app.shelf import Shelf
from app.terminal import visible
from graders.sandbox import syscalls
from katas.bank import KataError, UnknownKata

LOCK = "worker.lock"
LOCK_SECONDS = 5.0  # waited for a worker that is just ending
POLL_SECONDS = 1.0  # a wake-up that was lost costs this much
MOST_LOST = 5
MOST_LANES = 4  # unless more are asked for
SLACK_SECONDS = 30.0  # beyond what a grade may take before its lane is believed to hang
LONGEST_PAUSE = 30.0  # between attempts to start the grader

T = TypeVar("T")


@dataclass
class Running:
    """A submission that a lane is judging."""

    id: str
    claim: str  # the beginning of its token
    run: str  # names the run to watchers: a claim begins one, and so does a grader that starts over
    attempt: int
    lane: Lane
    judging: bool = True  # the lane has not said its last word
    total: int | None = None
    cases: list[dict[str, Any]] = field(default_factory=list)


class Worker:
    """One a data folder."""

    def __init__(self, settings: Settings, db: Database, lanes: int) -> None:
        self._settings = settings
        self._db = db
        self._count = lanes
        self._bank = Shelf.open(settings.bank)
        self._status = WorkerStatus(lanes=lanes)
        self._running: dict[str, Running] = {}
        self._free: list[Lane] = []
        self._moved = asyncio.Event()  # a lane became free, or something was queued
        self._stopping = asyncio.Event()
        self._clients: set[asyncio.StreamWriter] = set()
        self._crew: Crew | None = None
        self._looked = 0.0  # for submissions that were cancelled
        self._lost = 0  # lanes in a row that died before they began
        self._failed: BaseException | None = None
        # A thread of its own: a write waits for the disk, and the loop must not.
        self._thread = ThreadPoolExecutor(1, "database")
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Works until `stop`."""
        for name in (await self._asked(queue.requeue_left_behind, self._db)).queued:
            self._tell(type="queued", id=name)
        server = await asyncio.start_unix_server(
            lambda reader, writer: self._start(self._serve(reader, writer)),
            sock=channel.listen(self._settings.data),
            limit=channel.LONGEST_LINE,
        )
        jobs = [asyncio.create_task(self._keep_crew()), asyncio.create_task(self._hand_out())]
        stopped = asyncio.create_task(self._stopping.wait())
        done, _ = await asyncio.wait([*jobs, stopped], return_when=asyncio.FIRST_COMPLETED)
        server.close()
        await self._end([*jobs, stopped])
        for task in done:
            task.result()  # a mistake of ours in one of the jobs
        if self._failed is not None:
            raise self._failed

    def stop(self) -> None:
        """Ends `run` soon: what is being judged goes back into the queue."""
        self._stopping.set()

    # -- work ----------------------------------------------------------------------------------------------------------

    async def _keep_crew(self) -> None:
        """Keeps a grader process running, with its lanes; says why where there is none."""
        pause = 0.5
        while True:
            crew = self._crew = Crew(
                self._settings.isolation, self._settings.bank, self._lane_ended, self._sandbox_trouble
            )
            try:
                level, _ = await crew.ready()
                self._say(WorkerStatus(ready=True, lanes=self._count, isolation=level))
                for _ in range(self._count):
                    self._free.append(await crew.lane())
                self._moved.set()
                began = time.monotonic()
                await crew.gone.wait()
                pause = 0.5 if time.monotonic() - began > 10 else min(LONGEST_PAUSE, 2 * pause)
                self._say(
                    WorkerStatus(lanes=self._count, trouble="sandbox", why="the grader ended; it is started again")
                )
            except CrewTrouble as trouble:
                pause = min(LONGEST_PAUSE, 2 * pause)
                self._say(WorkerStatus(lanes=self._count, trouble=trouble.kind, why=trouble.why))
            finally:
                self._free.clear()
                await crew.close()
            await asyncio.sleep(pause)

    def _lane_ended(self, lane: Lane) -> None:
        """A lane is gone: another one takes its place."""
        if lane in self._free:
            self._free.remove(lane)
        self._start(self._replace_lane(lane.crew, 0.0 if lane.killed else 0.5))

    async def _replace_lane(self, crew: Crew, pause: float) -> None:
        await asyncio.sleep(pause)  # a lane that ends by itself may do so again and again
        if not crew.gone.is_set() and len(crew.lanes) < self._count:
            self._free.append(await crew.lane())
            self._moved.set()

    async def _hand_out(self) -> None:
        """Gives what waits to lanes that are free, in the queue's order."""
        pause = POLL_SECONDS
        while True:
            self._moved.clear()
            try:
                while self._free and (row := await self._asked(queue.claim, self._db)) is not None:
                    if not self._free:  # the lane went while the row was claimed
                        await self._asked(queue.give_back, self._db, row.id, row.token or "")
                        break
                    self._begin(row, self._free.pop(0))
                await self._drop_cancelled()
                if self._status.trouble == "database":
                    self._say(WorkerStatus(ready=self._ready(), lanes=self._count, isolation=self._status.isolation))
                pause = POLL_SECONDS
            except DatabaseTrouble as trouble:
                pause = min(LONGEST_PAUSE, 2 * pause)
                self._database_trouble(trouble)
            try:
                await asyncio.wait_for(self._moved.wait(), pause)
            except TimeoutError:
                pass

    async def _drop_cancelled(self) -> None:
        """Ends what was cancelled without anybody telling us."""
        if self._running and time.monotonic() >= self._looked + POLL_SECONDS:
            self._looked = time.monotonic()
            now = dict(await self._asked(queue.running, self._db))
            for one in list(self._running.values()):
                if one.judging and not now.get(one.id, "").startswith(one.claim):
                    one.lane.kill()

    def _begin(self, row: Submission, lane: Lane) -> None:
        token = row.token or ""
        running = Running(row.id, token[:8], token[:8], row.attempt, lane)
        self._running[row.id] = running
        self._tell(type="begin", id=row.id, run=running.run, attempt=row.attempt)
        self._start(self._judge(row, token, running))

    async def _judge(self, row: Submission, token: str, running: Running) -> None:
        """Judges one submission, writes how it ended, and tells those who watch."""
        try:
            written = await self._judged(row, token, running)
        finally:
            self._running.pop(row.id, None)
            crew = self._crew
            if running.lane.alive and crew is not None and running.lane.number in crew.lanes:
                self._free.append(running.lane)
            self._moved.set()
        if written is None:  # the token was no longer ours, since it was cancelled meanwhile
            written = await self._persist(self._state_of, row.id)
        state, verdict = written
        if state is State.QUEUED:
            self._tell(type="queued", id=row.id)
        elif state is not State.RUNNING:
            self._tell(type="end", id=row.id, state=str(state), verdict=verdict)

    async def _judged(self, row: Submission, token: str, running: Running) -> tuple[State, str | None] | None:
        """(state, verdict) as written; None when nothing could be written with this token."""
        job = {"id": row.id, "kata": row.kata, "kind": row.kind, "code": row.code, "snippet": row.snippet}
        lane = running.lane
        try:
            limit = self._deadline(row.kata)
            words = await asyncio.wait_for(lane.judge(job, lambda heard: self._hear(running, heard)), limit)
            running.judging = False
        except LaneLost as lost:
            if not lost.started:
                return await self._not_begun(row.id, token)
            words = {"fault": "the grader's lane ended while it was judging", "final": False}
        except TimeoutError:
            lane.kill()
            words = {"fault": f"the grader's lane did not end within {limit:g} s", "final": False}
        except (KataError, UnknownKata) as error:
            words = {"fault": f"kata {row.kata}: {error}", "final": True}
        self._lost = 0
        if "fault" in words and not words["final"]:
            state = await self._persist(queue.requeue, self._db, row.id, token, words["fault"])
            return None if state is None else (state, None)
        if "fault" in words:
            ended = Ended(State.FAULT, fault=words["fault"])
        else:
            ended = Ended(State.DONE, words["verdict"], words["score"], words["report"])
        written = await self._persist(queue.finish, self._db, row.id, token, ended)
        return (ended.state, ended.verdict) if written else None

    async def _not_begun(self, submission: str, token: str) -> tuple[State, str | None] | None:
        """Puts back what a lane died on before it began: nothing that the submission could have caused."""
        if not await self._persist(queue.give_back, self._db, submission, token):
            return None
        self._lost += 1
        if self._lost >= MOST_LOST and self._crew is not None:
            self._lost = 0
            await self._crew.close()  # something is wrong with the grader: a new one, after a pause
        return State.QUEUED, None

    def _deadline(self, kata: str) -> float:
        """Seconds after which a lane is believed to hang: the grader's own limits hold long before. Raises KataError."""
        return 3 * self._bank.kata(kata).limits["grade_seconds"] + SLACK_SECONDS

    def _hear(self, running: Running, heard: dict[str, Any]) -> None:
        """Passes on what a lane tells of its progress."""
        if "total" in heard:
            if running.total is not None:  # the grader begins again, after a fault of its own
                running.run, running.cases = secrets.token_hex(4), []
                self._tell(type="begin", id=running.id, run=running.run, attempt=running.attempt)
            running.total = heard["total"]
            self._tell(type="total", id=running.id, total=running.total)
        elif "case" in heard:
            running.cases.append(heard["case"])
            self._tell(type="case", id=running.id, case=heard["case"])

    async def _persist(self, call: Callable[..., T], *arguments: Any) -> T:
        """A write that must not be lost: tried until the database takes it."""
        pause = 0.2
        while True:
            try:
                return await self._asked(call, *arguments)
            except DatabaseTrouble as trouble:
                self._database_trouble(trouble)
                await asyncio.sleep(pause)
                pause = min(5.0, 2 * pause)

    async def _asked(self, call: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, *arguments)

    def _state_of(self, submission: str) -> tuple[State, str | None]:
        columns = select(Submission.state, Submission.verdict).where(Submission.id == submission)
        with self._db.reading() as session:
            row = session.execute(columns).one_or_none()
        return (State(row[0]), row[1]) if row else (State.CANCELLED, None)  # deleted meanwhile

    # -- what is told --------------------------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a web process."""
        running = [
            {"id": one.id, "run": one.run, "attempt": one.attempt, "total": one.total, "cases": one.cases}
            for one in self._running.values()
        ]
        writer.write(channel.line(type="hello", status=asdict(self._status), running=running))
        self._clients.add(writer)
        try:
            async for line in reader:
                words = json.loads(line)
                if words["op"] == "wake":
                    self._moved.set()
                elif words["op"] == "cancel" and (one := self._running.get(words["id"])) is not None:
                    one.lane.kill()
        except (OSError, ValueError, LookupError, TypeError):
            pass  # it does not speak our language, or went
        finally:
            self._clients.discard(writer)
            writer.close()

    def _tell(self, **words: Any) -> None:
        data = channel.line(**words)
        for writer in list(self._clients):
            if writer.transport.get_write_buffer_size() > channel.LONGEST_LINE:
                writer.transport.abort()  # it does not read; it will come again and be told how things stand
            else:
                writer.write(data)

    def _say(self, status: WorkerStatus) -> None:
        if status.trouble and status != self._status:
            print(f"torchkata worker: {status.trouble}: {status.why}", file=sys.stderr, flush=True)
        self._status = status
        self._tell(type="status", status=asdict(status))

    def _sandbox_trouble(self, why: str) -> None:
        level = self._status.isolation
        self._say(WorkerStatus(not why, self._count, level, trouble="sandbox" if why else "", why=why))

    def _database_trouble(self, trouble: DatabaseTrouble) -> None:
        isolation = self._status.isolation
        self._say(WorkerStatus(self._ready(), self._count, isolation, trouble="database", why=str(trouble)))

    def _ready(self) -> bool:
        return self._crew is not None and bool(self._crew.lanes)

    # -- the end -------------------------------------------------------------------------------------------------------

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed = error
            self.stop()

    async def _end(self, jobs: list[asyncio.Task[Any]]) -> None:
        """Stops everything; what was being judged is given back, and the attempt does not count."""
        for task in (*jobs, *self._tasks):
            task.cancel()
        await asyncio.gather(*jobs, *self._tasks, return_exceptions=True)
        if self._crew is not None:
            await self._crew.close()
        for name, token in await self._asked(queue.running, self._db):
            try:
                await self._asked(queue.give_back, self._db, name, token)
            except DatabaseTrouble:
                break  # the next worker will find them
        self._thread.shutdown()


def work(settings: Settings, lanes: int | None = None) -> int:
    """Runs a worker on the data folder until a signal ends it. Raises AppError."""
    with ExitStack() as held:
        held.callback(os.close, take_lock(settings.data))
        db = Database.open(settings.database)
        held.callback(db.close)
        held.callback(os.close, take_database(settings.database))
        asyncio.run(_work(Worker(settings, db, lanes or settings.lanes or own_lanes())))
    return 0


def own_lanes() -> int:
    """As many lanes as this process may use cores, four at most."""
    return min(MOST_LANES, len(os.sched_getaffinity(0)))


def take_lock(folder: Path, seconds: float = LOCK_SECONDS) -> int:
    """The descriptor that holds the folder for one worker, until it is closed or its process ends. Raises AppError."""
    prepare(folder)
    return _locked(folder / LOCK, folder, seconds)


def take_database(file: Path, seconds: float = LOCK_SECONDS) -> int:
    """The same for the database, which two data folders may name: what the other worker judges would look left behind."""
    found = file.resolve()
    return _locked(found.with_name(f"{found.name}.{LOCK}"), file, seconds)


def _locked(lock: Path, what: Path, seconds: float) -> int:
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    until = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if time.monotonic() >= until:
                os.close(descriptor)
                raise UsageError("worker_running", folder=str(what)) from None
            time.sleep(0.05)


async def _work(worker: Worker) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stop)
    await worker.run()


def main(arguments: list[str]) -> int:
    """What `serve` starts: `PARENT_PID name=value ...`; ends with the parent, and puts back what it was judging."""
    syscalls.die_with_parent(signal.SIGTERM)
    if os.getppid() != int(arguments[0]):
        return 0
    settings = resolve(dict(word.split("=", 1) for word in arguments[1:]), os.environ)
    try:
        return work(settings)
    except AppError as error:
        print(f"torchkata worker: {visible(error.text(settings.lang), keep='')}", file=sys.stderr, flush=True)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
