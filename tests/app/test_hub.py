"""The hub: every watcher is told everything once and in order, and always learns the end."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app import channel, queue
from app import hub as hubs
from app.backup import delete_everything
from app.db import Database
from app.hub import Hub, Progress, Seen, Teller, Track, WorkerStatus
from app.models import State
from app.people import LOCAL_PERSON
from app.queue import Ended
from app.submissions import accept, cancel
from katas.bank import Kata

CASES = [{"name": f"case {n}", "title": {}, "group": "shapes", "status": "passed"} for n in range(5)]


class Peer:
    """The worker's end of the socket, played by the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.heard: list[dict[str, Any]] = []
        self.writers: list[asyncio.StreamWriter] = []
        self.server: asyncio.Server | None = None
        self.running: list[dict[str, Any]] = []

    async def start(self) -> None:
        self.server = await asyncio.start_unix_server(self._connected, sock=channel.listen(self.folder))

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        status = asdict(WorkerStatus(ready=True, lanes=2, isolation="full"))
        writer.write(channel.line(type="hello", status=status, running=self.running))
        self.writers.append(writer)
        try:
            async for line in reader:
                self.heard.append(json.loads(line))
        except asyncio.CancelledError:
            pass

    def tell(self, **words: Any) -> None:
        for writer in self.writers:
            writer.write(channel.line(**words))

    def tell_cases(self, name: str, cases: list[dict[str, Any]]) -> None:
        for case in cases:
            self.tell(type="case", id=name, case=case)

    async def stop(self) -> None:
        assert self.server is not None
        self.server.close()
        for writer in self.writers:
            writer.close()
        self.writers.clear()
        await asyncio.sleep(0)


@asynccontextmanager
async def meeting(folder: Path, db: Database) -> AsyncIterator[tuple[Hub, Peer]]:
    """A hub that is connected to a worker played by the test."""
    peer = Peer(folder)
    await peer.start()
    async with Hub(folder, db) as hub:
        await until(lambda: hub.alive)
        yield hub, peer
    await peer.stop()


async def until(true: Callable[[], object]) -> None:
    """Waits; a hang ends as a failed test."""
    async with asyncio.timeout(120):
        while not true():
            await asyncio.sleep(0.005)


def run(test: Awaitable[None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(240):
            await test

    asyncio.run(bounded())


def connected(hub: Hub, peer: Peer, times: int) -> bool:
    return len(peer.writers) == times and hub.alive


class Watcher:
    """Somebody who watches."""

    def __init__(self, hub: Hub, name: str, after: str | None = None, beat: float = 15.0) -> None:
        self.told: list[Progress] = []
        self.task = asyncio.create_task(self._watch(hub, name, after, beat))

    async def _watch(self, hub: Hub, name: str, after: str | None, beat: float) -> None:
        async for progress in hub.watch(name, after, beat=beat):
            self.told.append(progress)

    def kinds(self) -> list[str]:
        return [progress.kind for progress in self.told]

    def cases(self) -> list[str]:
        return [progress.data["case"]["name"] for progress in self.told if progress.kind == "case"]


def submit(db: Database, kata: Kata) -> str:
    return accept(db, LOCAL_PERSON, kata, f"x = {time.time_ns()}".encode()).id


def end(db: Database, verdict: str = "passed") -> str:
    row = queue.claim(db)
    assert row is not None
    queue.finish(db, row.id, row.token or "", Ended(State.DONE, verdict=verdict))
    return row.id


def test_a_watcher_is_told_all_of_it_in_order_and_then_no_more(db: Database, kata: Kata) -> None:
    async def test() -> None:
        async with meeting(db.file.parent, db) as (hub, peer):
            name = submit(db, kata)
            watcher = Watcher(hub, name)
            await until(lambda: watcher.told)
            peer.tell(type="begin", id=name, run="a", attempt=1)
            peer.tell(type="total", id=name, total=5)
            peer.tell_cases(name, CASES)
            end(db)
            peer.tell(type="end", id=name, state="done", verdict="passed")
            await watcher.task
            assert watcher.told[0].data == {"state": "queued", "attempt": 0, "place": 0, "total": None}
            assert watcher.cases() == [case["name"] for case in CASES]
            assert [p.data["done"] for p in watcher.told if p.kind == "case"] == [1, 2, 3, 4, 5]
            assert watcher.told[-1] == Progress("a.5", "end", {"state": "done", "verdict": "passed"})
            assert watcher.kinds().count("end") == 1

    run(test())


def test_counts_tell_passed_from_failed(db: Database, kata: Kata) -> None:
    async def test() -> None:
        async with meeting(db.file.parent, db) as (hub, peer):
            name = submit(db, kata)
            watcher = Watcher(hub, name)
            peer.tell(type="begin", id=name, run="a", attempt=1)
            peer.tell(type="total", id=name, total=2)
            peer.tell_cases(name, [CASES[0], CASES[1] | {"status": "timeout"}])
            await until(lambda: len(watcher.cases()) == 2)
            last = watcher.told[-1].data
            assert (last["done"], last["total"], last["passed"], last["failed"]) == (2, 2, 1, 1)

    run(test())


def test_who_comes_late_or_again_is_told_what_he_missed_and_nothing_twice(db: Database, kata: Kata) -> None:
    async def test() -> None:
        async with meeting(db.file.parent, db) as (hub, peer):
            name = submit(db, kata)
            first = Watcher(hub, name)
            await until(lambda: first.told)
            peer.tell(type="begin", id=name, run="a", attempt=1)
            peer.tell_cases(name, CASES[:3])
            await until(lambda: len(first.cases()) == 3)
            first.task.cancel()
            late = Watcher(hub, name)
            again = Watcher(hub, name, after=first.told[-1].id)
            await until(lambda: late.told and again.told)
            peer.tell_cases(name, CASES[3:])
            end(db)
            peer.tell(type="end", id=name, state="done", verdict="passed")
            await asyncio.gather(late.task, again.task)
            assert late.cases() == [case["name"] for case in CASES]
            assert again.cases() == [case["name"] for case in CASES[3:]]

    run(test())


@pytest.mark.parametrize("after", ["", "x", "a", "a.b", ".", "a.-1", "other.3", "9" * 50, "a.99999", "²."])
def test_an_expired_or_invented_id_begins_anew(after: str, db: Database, kata: Kata) -> None:
    track = Track(run="a", attempt=1, cases=CASES, running=True)
    told = Teller(after).news(Seen(State.RUNNING, None, 1), None, track)
    if after != "a.99999":  # it claims to have seen them all
        assert [p.kind for p in told] == ["state"] + ["case"] * 5


def test_a_submission_that_is_judged_again_begins_anew(db: Database, kata: Kata) -> None:
    async def test() -> None:
        async with meeting(db.file.parent, db) as (hub, peer):
            name = submit(db, kata)
            watcher = Watcher(hub, name)
            peer.tell(type="begin", id=name, run="a", attempt=1)
            peer.tell_cases(name, CASES[:4])
            await until(lambda: len(watcher.cases()) == 4)
            peer.tell(type="queued", id=name)
            peer.tell(type="begin", id=name, run="b", attempt=2)
            peer.tell_cases(name, CASES[:2])
            await until(lambda: len(watcher.cases()) == 6)
            assert watcher.cases()[4:] == ["case 0", "case 1"]
            assert watcher.told[-1].id == "b.2"
            assert [p.data["attempt"] for p in watcher.told if p.kind == "state"][-1] == 2

    run(test())


def test_the_place_in_the_queue_is_told_as_it_moves(db: Database, kata: Kata) -> None:
    async def test() -> None:
        async with meeting(db.file.parent, db) as (hub, peer):
            names = [submit(db, kata) for _ in range(3)]
            watcher = Watcher(hub, names[2])
            for place in (2, 1, 0):
                await until(lambda place=place: [p for p in watcher.told if p.data.get("place") == place])  # type: ignore[misc]
                name = end(db)
                peer.tell(type="begin", id=name, run="a", attempt=1)
                peer.tell(type="end", id=name, state="done", verdict="passed")
            await watcher.task
            assert watcher.kinds()[-1] == "end"

    run(test())


def test_without_a_worker_the_database_tells_the_end(db: Database, kata: Kata) -> None:
    async def test() -> None:
        async with Hub(db.file.parent, db) as hub:
            name = submit(db, kata)
            watcher = Watcher(hub, name)
            await until(lambda: watcher.told)
            assert not hub.alive
            end(db, "failed")
            await watcher.task
            assert watcher.told[-1].data == {"state": "done", "verdict": "failed"}

    run(test())


def test_an_end_whose_message_was_lost_is_found_in_the_database(
    db: Database, kata: Kata, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "SLOW_POLL_SECONDS", 0.1)

    async def test() -> None:
        async with meeting(db.file.parent, db) as (hub, _):
            name = submit(db, kata)
            watcher = Watcher(hub, name)
            await until(lambda: watcher.told)
            end(db)
            await watcher.task
            assert watcher.kinds()[-1] == "end"

    run(test())


def test_who_watches_what_is_deleted_is_told_that_it_is_over(db: Database, kata: Kata) -> None:
    async def test() -> None:
        async with Hub(db.file.parent, db) as hub:
            waits, runs = (Watcher(hub, submit(db, kata)) for _ in range(2))
            await until(lambda: waits.told and runs.told)
            assert queue.claim(db) is not None
            delete_everything(db, LOCAL_PERSON)
            await asyncio.gather(waits.task, runs.task)
            for watcher in (waits, runs):
                assert watcher.told[-1].kind == "end"
                assert watcher.told[-1].data == {"state": "cancelled", "verdict": None}

    run(test())


def test_what_has_ended_before_is_told_at_once(db: Database, kata: Kata) -> None:
    async def test() -> None:
        hub = Hub(db.file.parent, db)
        name = submit(db, kata)
        cancel(db, LOCAL_PERSON, name)
        watcher = Watcher(hub, name)
        await watcher.task
        assert [p.data for p in watcher.told] == [{"state": "cancelled", "verdict": None}]

    run(test())


def test_of_what_is_not_there_nothing_is_told(db: Database) -> None:
    async def test() -> None:
        watcher = Watcher(Hub(db.file.parent, db), "nowhere")
        await watcher.task
        assert watcher.told == []

    run(test())


def test_a_worker_that_goes_and_comes_again_is_noticed_and_its_work_taken_up(db: Database, kata: Kata) -> None:
    async def test() -> None:
        async with meeting(db.file.parent, db) as (hub, peer):
            name = submit(db, kata)
            watcher = Watcher(hub, name)
            peer.tell(type="begin", id=name, run="a", attempt=1)
            peer.tell_cases(name, CASES[:2])
            await until(lambda: len(watcher.cases()) == 2)
            await peer.stop()
            await until(lambda: not hub.alive)
            assert hub.status == WorkerStatus()
            peer.running = [{"id": name, "run": "a", "attempt": 1, "total": 5, "cases": CASES[:4]}]
            await peer.start()
            await until(lambda: hub.alive)
            await until(lambda: len(watcher.cases()) == 4)
            assert watcher.cases() == [case["name"] for case in CASES[:4]]

    run(test())


def test_routes_wake_and_cancel_from_their_own_threads(db: Database) -> None:
    async def test() -> None:
        async with meeting(db.file.parent, db) as (hub, peer):
            await asyncio.to_thread(hub.wake)
            await asyncio.to_thread(hub.cancel, "a name")
            await until(lambda: len(peer.heard) == 2)
            assert peer.heard == [{"op": "wake"}, {"op": "cancel", "id": "a name"}]

    run(test())


def test_a_queued_submission_that_is_cancelled_is_told_at_once(
    db: Database, kata: Kata, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "SLOW_POLL_SECONDS", 1000.0)

    async def test() -> None:
        async with meeting(db.file.parent, db) as (hub, _):
            name = submit(db, kata)
            watcher = Watcher(hub, name, beat=1000.0)
            await until(lambda: watcher.told)
            cancel(db, LOCAL_PERSON, name)
            await asyncio.to_thread(hub.cancel, name)
            await watcher.task
            assert watcher.told[-1].data == {"state": "cancelled", "verdict": None}

    run(test())


def test_what_an_operator_queues_again_is_no_longer_at_its_end(db: Database, kata: Kata) -> None:
    async def test() -> None:
        async with meeting(db.file.parent, db) as (hub, peer):
            name = submit(db, kata)
            row = queue.claim(db)
            assert row is not None
            queue.finish(db, name, row.token or "", Ended(State.FAULT, fault="ours"))
            peer.tell(type="begin", id=name, run="a", attempt=1)
            peer.tell(type="end", id=name, state="fault", verdict=None)
            first = Watcher(hub, name)
            await first.task
            assert first.told[-1].data == {"state": "fault", "verdict": None}
            assert queue.try_again(db, name)
            second = Watcher(hub, name)
            await until(lambda: second.told)
            assert (second.kinds()[0], second.told[0].data["state"]) == ("state", "queued")
            end(db)
            peer.tell(type="begin", id=name, run="b", attempt=1)
            peer.tell(type="end", id=name, state="done", verdict="passed")
            await second.task
            assert second.told[-1].data == {"state": "done", "verdict": "passed"}

    run(test())


def test_nobody_to_wake_is_no_error(db: Database) -> None:
    hub = Hub(db.file.parent, db)
    hub.wake()
    hub.cancel("x")

    async def test() -> None:
        async with hub:
            hub.wake()
        hub.wake()

    run(test())


def test_every_stream_ends_when_the_server_stops(db: Database, kata: Kata) -> None:
    async def test() -> None:
        async with Hub(db.file.parent, db) as hub:
            watchers = [Watcher(hub, submit(db, kata)) for _ in range(20)]
            await until(lambda: all(watcher.told for watcher in watchers))
            hub.stop_watching()
            await asyncio.gather(*(watcher.task for watcher in watchers))
            assert not any("end" in watcher.kinds() for watcher in watchers)

    run(test())


def test_silence_is_broken_by_beats(db: Database, kata: Kata) -> None:
    async def test() -> None:
        watcher = Watcher(Hub(db.file.parent, db), submit(db, kata), beat=0.02)
        await until(lambda: watcher.kinds().count("beat") >= 3)
        watcher.task.cancel()
        assert all(p.data == {} for p in watcher.told if p.kind == "beat")

    run(test())


def test_watchers_that_go_leave_nothing_behind(db: Database, kata: Kata) -> None:
    async def test() -> None:
        hub = Hub(db.file.parent, db)
        name = submit(db, kata)
        watchers = [Watcher(hub, name) for _ in range(5)]
        await until(lambda: all(watcher.told for watcher in watchers))
        for watcher in watchers:
            watcher.task.cancel()
        await asyncio.gather(*(watcher.task for watcher in watchers), return_exceptions=True)
        assert hub._watchers == {}
        assert hub._seen == {}

    run(test())


def test_a_hundred_watchers_cost_a_handful_of_looks_and_nobody_spins(
    db: Database, kata: Kata, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    read = Hub._read

    def counted(self: Hub, names: tuple[str, ...]) -> Any:
        nonlocal looks
        looks += 1
        return read(self, names)

    monkeypatch.setattr(Hub, "_read", counted)

    async def test() -> None:
        async with Hub(db.file.parent, db) as hub:
            watchers = [Watcher(hub, submit(db, kata)) for _ in range(100)]
            await until(lambda: all(watcher.told for watcher in watchers))
            for _ in range(100):
                end(db)
            await asyncio.gather(*(watcher.task for watcher in watchers))
            assert all(watcher.kinds()[-1] == "end" for watcher in watchers)

    run(test())
    assert looks < 20


def test_what_the_worker_says_that_is_no_message_only_costs_the_connection(db: Database) -> None:
    async def test() -> None:
        async with meeting(db.file.parent, db) as (hub, peer):
            writer = peer.writers[0]
            writer.write(b"not json\n")
            await until(lambda: len(peer.writers) == 2 and hub.alive)

    run(test())


@pytest.mark.parametrize(
    "line",
    [b"7", b"{}", b'{"type": "begin"}', b'{"type": "status", "status": {"new": 1}}', b'{"type": "hello", "status": 1}'],
)
def test_a_worker_of_another_version_is_heard_again_after_a_pause_and_named_once(
    line: bytes, db: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(hubs, "LONGEST_PAUSE", 0.01)

    async def test() -> None:
        async with meeting(db.file.parent, db) as (hub, peer):
            for count in (2, 3):
                peer.writers[-1].write(line + b"\n")
                await until(partial(connected, hub, peer, count))

    run(test())
    assert capsys.readouterr().err.count("speaks another language") == 1


def test_only_so_much_is_remembered(db: Database) -> None:
    hub = Hub(db.file.parent, db)
    for number in range(hubs.KEPT + 100):
        hub._hear({"type": "begin", "id": str(number), "run": "a", "attempt": 1})
    assert len(hub._tracks) == hubs.KEPT
