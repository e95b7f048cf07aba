"""Whatever is killed at whatever moment: nothing that was submitted is lost, and each is graded once."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app import queue
from app.db import Database
from app.models import State
from app.people import LOCAL_PERSON, Person
from app.submissions import accept, cancel, find
from katas.answer import answer_source
from katas.bank import Bank
from tests.journeys.processes import (
    PATIENCE,
    Journal,
    Members,
    alive,
    kill,
    members,
    ready,
    start_worker,
    stopped,
    until,
    working,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("worker")]

KATA = Bank.open().kata("masked_softmax")
ANSWER = answer_source(KATA)
ENDLESS = "while True:\n    pass\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder."""
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
def db(data: Path) -> Iterator[Database]:
    """Its database."""
    opened = Database.open(data / "torchkata.db")
    yield opened
    opened.close()


@pytest.fixture
def journal(db: Database) -> Journal:
    """What is written into it."""
    return Journal(db.file)


def submit(db: Database, code: str = ANSWER, person: Person = LOCAL_PERSON) -> str:
    """An id."""
    return accept(db, person, KATA, code.encode()).id


def submit_many(db: Database, count: int) -> list[str]:
    return [submit(db, f"{ANSWER}# {number}\n") for number in range(count)]


def begun(journal: Journal) -> Callable[[], bool]:
    return lambda: journal.states().get("running", 0) > 0


def whole(worker: int) -> Members:
    """The worker's family, once both lanes are there, and launcher and zygote."""

    def found() -> Members | None:
        family = members(worker)
        return family if family and (len(family.lanes), len(family.sandbox)) == (2, 2) else None

    family: Members = until(found, "two lanes and a sandbox")
    return family


def settled(journal: Journal) -> Callable[[], bool]:
    return lambda: not {"queued", "running"} & set(journal.states())


def test_a_worker_that_is_killed_takes_everybody_below_it_along(data: Path, db: Database, journal: Journal) -> None:
    with working(data) as process:
        submit(db, ENDLESS)
        until(begun(journal), "a submission to begin")
        family = whole(process.pid)
        assert family.jails
        kill(process.pid)
        until(lambda: not any(alive(pid) for pid in family.everybody), "the family to end")


def test_a_grader_that_is_killed_takes_everybody_below_it_along(data: Path, db: Database) -> None:
    with working(data) as process:
        family = whole(process.pid)
        kill(family.crew)
        until(lambda: not any(alive(pid) for pid in family.everybody[1:]), "the family to end")
        assert process.poll() is None
        until(lambda: ready(data), "another grader")


def test_what_a_killed_worker_left_behind_is_graded_once_after_the_restart(
    data: Path, db: Database, journal: Journal
) -> None:
    with working(data) as process:
        names = [*submit_many(db, 12), submit(db, f"import time\ntime.sleep(2)\n{ANSWER}")]
        until(lambda: len(journal.ended()) >= 2, "two verdicts")
        kill(process.pid)
        process.wait()
        assert len(journal.ended()) < 13
    with working(data):
        until(settled(journal), "the rest")
    assert sorted(journal.ended()) == sorted(names)
    assert journal.states() == {"done": 13}


def test_a_worker_that_is_told_to_end_puts_back_what_it_was_judging_without_counting_it(
    data: Path, db: Database, journal: Journal
) -> None:
    name = submit(db, ENDLESS)
    with working(data, lanes=1) as process:
        until(begun(journal), "it to begin")
        family = members(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    row = find(db, LOCAL_PERSON, name)
    assert (row.state, row.attempt) == ("queued", 0)
    assert family is not None
    until(lambda: not any(alive(pid) for pid in family.everybody), "all of them to end")


@pytest.mark.long
def test_a_submission_that_ends_the_worker_each_time_becomes_an_operators(
    data: Path, db: Database, journal: Journal
) -> None:
    name = submit(db, ENDLESS)
    for _ in range(queue.ATTEMPTS):
        with working(data, lanes=1) as process:
            until(begun(journal), "it to begin")
            kill(process.pid)
            process.wait()
    with working(data, lanes=1):
        until(settled(journal), "its end")
    row = find(db, LOCAL_PERSON, name)
    assert (row.state, row.attempt) == ("fault", queue.ATTEMPTS)
    assert row.fault


def test_a_stopped_and_continued_worker_cannot_write_a_late_verdict(data: Path, db: Database, journal: Journal) -> None:
    with working(data, lanes=1) as process:
        name = submit(db, f"import time\ntime.sleep(2)\n{ANSWER}")
        until(begun(journal), "it to begin")
        with stopped(process.pid):
            # Somebody else takes it, as after a network partition: the zombie's token is no longer right.
            queue.requeue_left_behind(db)
            successor = queue.claim(db)
            assert successor is not None
        after = submit(db)
        until(lambda: find(db, LOCAL_PERSON, after).state == "done", "the next one")  # the late verdict came before
        assert find(db, LOCAL_PERSON, name).state == "running"
        assert queue.finish(db, name, successor.token or "", queue.Ended(State.DONE, verdict="failed"))
    assert find(db, LOCAL_PERSON, name).verdict == "failed"
    assert journal.ended() == [after, name]


def test_one_worker_a_folder_and_what_nobody_wakes_it_for_it_finds_by_itself(
    data: Path, db: Database, journal: Journal
) -> None:
    with working(data, lanes=1) as process:
        second = start_worker(data)
        assert second.wait(PATIENCE) == 2
        lines = (data.parent / "worker.log").read_text().splitlines()
        assert [line for line in lines if "another worker is at work" in line] == lines
        endless = submit(db, ENDLESS)
        until(begun(journal), "it to begin")
        family = members(process.pid)
        assert family is not None
        cancel(db, LOCAL_PERSON, endless)
        after = submit(db)
        until(lambda: find(db, LOCAL_PERSON, after).state == "done", "the next one")
        assert not alive(family.lanes[0])  # it did not run to its own end: its lane was ended, and another one came
    assert journal.ended() == [endless, after]


@pytest.mark.parametrize(
    ("seed", "kills"), [(1, 3), *(pytest.param(seed, 8, marks=pytest.mark.long) for seed in (2, 3))]
)
def test_whatever_is_killed_at_random_moments_all_are_graded_once(
    seed: int, kills: int, data: Path, db: Database, journal: Journal
) -> None:
    dice = random.Random(seed)
    names = submit_many(db, 8 * kills)
    process = start_worker(data)
    killed: list[str] = []
    try:
        while len(killed) < kills:
            done = len(journal.ended())
            # So that what was put back, and goes first, is done before the next kill: a third attempt is an operator's.
            until(lambda: ready(data), "a worker")
            until(lambda done=done: len(journal.ended()) >= min(len(names), done + 4), "some verdicts")  # type: ignore[misc]
            time.sleep(dice.uniform(0, 0.3))
            family = members(process.pid)
            if family is None or len(family.lanes) < 2:
                continue
            victim = dice.choice(["worker", "crew", "lane", "sandbox"])
            kill(_pid(victim, family, dice))
            killed.append(victim)
            if victim == "worker":
                process.wait()
                process = start_worker(data)
        until(settled(journal), "the rest")
    finally:
        process.terminate()
        process.wait(PATIENCE)
    assert journal.states() == {"done": len(names)}, killed
    assert sorted(journal.ended()) == sorted(names), killed
    assert {find(db, LOCAL_PERSON, name).verdict for name in names} == {"passed"}, killed


def _pid(victim: str, family: Members, dice: random.Random) -> int:
    if victim == "lane":
        return dice.choice(family.lanes)
    if victim == "sandbox" and family.sandbox:
        return dice.choice(family.sandbox)
    return family.worker if victim == "worker" else family.crew


def test_two_hundred_submissions_at_once_are_all_graded_in_fair_order(
    data: Path, db: Database, journal: Journal
) -> None:
    people = [Person("ann")] * 120 + [Person("bob")] * 50 + [Person("cy")] * 30
    random.Random(4).shuffle(people)
    with ThreadPoolExecutor(50) as threads:
        rows = list(
            threads.map(lambda one: accept(db, one[1], KATA, f"{ANSWER}# {one[0]}\n".encode()), enumerate(people))
        )
    fair = [row.id for row in sorted(rows, key=lambda row: (-row.priority, row.created, row.id))]
    holders = {row.id: row.holder for row in rows}
    turns = [holders[name] for name in fair]
    assert turns[:90].count("cy") == 30  # nobody waits for who has more than he
    with working(data):
        until(settled(journal), "all of them")
    assert journal.claimed() == fair
    assert sorted(journal.ended()) == sorted(fair)
    assert journal.states() == {"done": 200}
