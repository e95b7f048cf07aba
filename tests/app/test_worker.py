"""The worker without its grader: the lock on the folder, the number of lanes, a database that fails."""

from __future__ import annotations

import asyncio
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app import worker as workers
from app.crew import Crew
from app.db import Database, DatabaseTrouble
from app.errors import UsageError
from app.settings import resolve
from app.worker import MOST_LANES, Worker, own_lanes, take_database, take_lock
from katas.bank import Bank, Kata
from tests.conftest import Command


def test_one_worker_a_folder(tmp_path: Path) -> None:
    lock = take_lock(tmp_path / "data")
    with pytest.raises(UsageError, match="another worker"):
        take_lock(tmp_path / "data", seconds=0)
    os.close(lock)
    os.close(take_lock(tmp_path / "data", seconds=0))


def test_one_worker_a_database_whichever_folder_it_is_named_from(tmp_path: Path, torchkata: Command) -> None:
    Database.open(tmp_path / "shared.db").close()
    (tmp_path / "link.db").symlink_to("shared.db")
    lock = take_database(tmp_path / "shared.db")
    shared = {"TORCHKATA_DATABASE_URL": f"sqlite:///{tmp_path}/link.db"}
    done = torchkata("worker", "--data", str(tmp_path / "b"), env=shared)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "another worker" in done.stderr
    flag = ("--database-url", f"sqlite:///{tmp_path}/shared.db")
    assert torchkata("worker", *flag, "--data", str(tmp_path / "b")).stderr == done.stderr.replace(
        "link.db", "shared.db"
    )
    os.close(take_database(tmp_path / "other.db", seconds=0))
    os.close(lock)


def test_a_worker_that_is_just_ending_is_waited_for(tmp_path: Path) -> None:
    lock = take_lock(tmp_path)
    script = "import sys; from pathlib import Path; from app.worker import take_lock; take_lock(Path(sys.argv[1]), 60)"
    waiting = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)])
    os.close(lock)
    assert waiting.wait(120) == 0


def test_the_lock_is_not_handed_down_to_children(tmp_path: Path) -> None:
    lock = take_lock(tmp_path)
    assert fcntl.fcntl(lock, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
    os.close(lock)


def test_a_lane_a_core_and_four_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, lanes in ((1, 1), (2, 2), (4, 4), (64, MOST_LANES)):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: set(range(cores)))
        assert own_lanes() == lanes


def test_a_verdict_that_the_database_does_not_take_is_tried_until_it_does(db: Database, tmp_path: Path) -> None:
    calls = 0

    def write() -> str:
        nonlocal calls
        calls += 1
        if calls < 3:
            raise DatabaseTrouble("full", "why", "file")
        return "written"

    async def test() -> None:
        worker = Worker(resolve({"data": str(tmp_path)}, {}), db, 1)
        assert await worker._persist(write) == "written"
        assert (worker._status.trouble, worker._status.ready) == ("database", False)

    asyncio.run(test())
    assert calls == 3


def test_a_lane_is_replaced_in_its_own_crew_and_not_in_one_that_is_still_starting(db: Database, tmp_path: Path) -> None:
    async def test() -> None:
        worker = Worker(resolve({"data": str(tmp_path)}, {}), db, 1)
        gone = Crew("full", None, worker._lane_ended, worker._sandbox_trouble)
        lane = await gone.lane()
        await gone.close()
        worker._crew = starting = Crew("full", None, worker._lane_ended, worker._sandbox_trouble)
        try:
            lane.killed = True
            worker._lane_ended(lane)
            await asyncio.gather(*worker._tasks)
            assert (worker._free, starting.lanes) == ([], {})
        finally:
            await starting.close()

    asyncio.run(test())


def test_a_kata_is_read_once_for_many_submissions(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(resolve({"data": str(tmp_path)}, {}), db, 1)
    first = worker._deadline("masked_softmax")

    def again(*_: object) -> Kata:
        raise AssertionError("read again")

    monkeypatch.setattr(Bank, "kata", again)
    assert worker._deadline("masked_softmax") == first


def test_it_ends_at_once_when_its_parent_has_gone_before_it_began(tmp_path: Path) -> None:
    assert workers.main([str(2**22 + 1), f"data={tmp_path}"]) == 0
    assert list(tmp_path.iterdir()) == []
