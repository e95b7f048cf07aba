"""The queue: whose turn it is, who may write the end, what becomes of what was left behind."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from app import queue
from app.db import Database
from app.models import State, Submission
from app.people import LOCAL_PERSON, Person
from app.queue import Ended
from app.submissions import accept, cancel, find, place
from katas.bank import Kata

ANN, BOB, CY = Person("ann"), Person("bob"), Person("cy")
PASSED = Ended(State.DONE, verdict="passed", score=100.0, report="{}")


def submit(db: Database, kata: Kata, person: Person = LOCAL_PERSON, number: int = 0) -> str:
    return accept(db, person, kata, f"x = {number}".encode()).id


def claimed(db: Database) -> Submission:
    row = queue.claim(db)
    assert row is not None
    assert row.token
    return row


def token(row: Submission) -> str:
    assert row.token is not None
    return row.token


def test_an_empty_queue_gives_nothing(db: Database) -> None:
    assert queue.claim(db) is None


def test_first_come_first_served_where_nobody_has_more_than_one(db: Database, kata: Kata) -> None:
    names = [submit(db, kata, person) for person in (ANN, BOB, CY)]
    assert [claimed(db).id for _ in names] == names
    assert queue.claim(db) is None


def test_who_has_many_waits_behind_who_has_few(db: Database, kata: Kata) -> None:
    many = [submit(db, kata, ANN, number) for number in range(30)]
    assert claimed(db).id == many[0]
    one = submit(db, kata, BOB)
    assert place(db, one) == 0
    assert [claimed(db).id, claimed(db).id] == [one, many[1]]


def test_nothing_of_a_holder_passes_what_he_handed_in_before(db: Database, kata: Kata) -> None:
    names = [submit(db, kata, ANN, number) for number in range(6)]
    for name in names[:3]:
        row = claimed(db)
        assert row.id == name
        assert queue.finish(db, row.id, token(row), PASSED)
    later = submit(db, kata, ANN, 6)
    assert place(db, later) == 3
    other = submit(db, kata, BOB)
    assert place(db, other) == 0  # he has nothing else
    assert [claimed(db).id for _ in range(5)] == [other, *names[3:], later]


def test_who_has_nothing_open_any_more_begins_anew(db: Database, kata: Kata) -> None:
    for number in range(3):
        submit(db, kata, ANN, number)
    for _ in range(3):
        row = claimed(db)
        queue.finish(db, row.id, token(row), PASSED)
    first = submit(db, kata, ANN, 3)
    submit(db, kata, BOB)
    assert place(db, first) == 0


def test_everybody_gets_a_turn_in_fair_order(db: Database, kata: Kata) -> None:
    for number in range(10):
        submit(db, kata, ANN, number)
    for number in range(10):
        submit(db, kata, BOB, number)
    holders = [claimed(db).holder for _ in range(20)]
    for begun in range(1, 20):
        assert abs(holders[:begun].count("ann") - holders[:begun].count("bob")) <= 1


def test_places_are_the_order_in_which_they_are_claimed(db: Database, kata: Kata) -> None:
    names = [submit(db, kata, person, number) for number in range(5) for person in (ANN, BOB, CY)]
    by_place = sorted(names, key=lambda name: place(db, name) or 0)
    assert sorted(place(db, name) or 0 for name in names) == list(range(15))
    assert [claimed(db).id for _ in names] == by_place
    assert place(db, names[0]) is None


def test_many_claimers_at_once_get_each_submission_once(db: Database, kata: Kata) -> None:
    names = [submit(db, kata, LOCAL_PERSON, number) for number in range(60)]

    def drain(_: int) -> list[str]:
        found = []
        while (row := queue.claim(db)) is not None:
            found.append(row.id)
        return found

    with ThreadPoolExecutor(8) as threads:
        taken = [name for part in threads.map(drain, range(8)) for name in part]
    assert sorted(taken) == sorted(names)


def test_the_end_is_written_once_with_everything(db: Database, kata: Kata) -> None:
    name = submit(db, kata)
    row = claimed(db)
    assert queue.finish(db, name, token(row), PASSED)
    assert not queue.finish(db, name, token(row), Ended(State.DONE, verdict="failed"))
    after = find(db, LOCAL_PERSON, name)
    assert (after.state, after.verdict, after.score, after.report) == (State.DONE, "passed", 100.0, "{}")
    assert after.finished is not None
    assert after.token is None


def test_a_late_verdict_of_a_worker_that_was_believed_dead_is_refused(db: Database, kata: Kata) -> None:
    name = submit(db, kata)
    zombie = claimed(db)
    assert queue.requeue_left_behind(db).queued == (name,)
    successor = claimed(db)
    assert not queue.finish(db, name, token(zombie), PASSED)
    assert queue.requeue(db, name, token(zombie), "late") is None
    assert not queue.give_back(db, name, token(zombie))
    assert queue.finish(db, name, token(successor), Ended(State.DONE, verdict="failed"))
    assert find(db, LOCAL_PERSON, name).verdict == "failed"


def test_a_fault_of_ours_is_tried_again_and_at_the_third_time_is_an_operators(db: Database, kata: Kata) -> None:
    name = submit(db, kata)
    states = []
    for number in range(1, queue.ATTEMPTS + 1):
        row = claimed(db)
        assert row.attempt == number
        states.append(queue.requeue(db, name, token(row), f"why {number}"))
    assert states == [State.QUEUED, State.QUEUED, State.FAULT]
    row = find(db, LOCAL_PERSON, name)
    assert (row.state, row.fault, row.verdict) == (State.FAULT, "why 3", None)
    assert queue.claim(db) is None


def test_an_operator_can_queue_a_fault_once_more(db: Database, kata: Kata) -> None:
    name = submit(db, kata)
    for _ in range(queue.ATTEMPTS):
        queue.requeue(db, name, token(claimed(db)), "why")
    assert queue.try_again(db, name)
    assert not queue.try_again(db, name)
    assert claimed(db).attempt == 1


def test_what_is_given_back_keeps_its_attempts_and_its_turn(db: Database, kata: Kata) -> None:
    names = [submit(db, kata, person) for person in (ANN, BOB)]
    for _ in range(5):
        row = claimed(db)
        assert (row.id, row.attempt) == (names[0], 1)
        assert queue.give_back(db, row.id, token(row))


def test_what_was_left_behind_is_queued_again_once(db: Database, kata: Kata) -> None:
    names = {submit(db, kata, LOCAL_PERSON, number) for number in range(3)}
    claimed(db)
    claimed(db)
    assert len(queue.requeue_left_behind(db).queued) == 2
    assert queue.requeue_left_behind(db) == queue.Returned((), ())
    assert {claimed(db).id for _ in names} == names


def test_left_behind_for_the_third_time_it_is_an_operators(db: Database, kata: Kata) -> None:
    name = submit(db, kata)
    for _ in range(queue.ATTEMPTS - 1):
        claimed(db)
        queue.requeue_left_behind(db)
    claimed(db)
    assert queue.requeue_left_behind(db).faults == (name,)
    assert find(db, LOCAL_PERSON, name).state == State.FAULT


@pytest.mark.parametrize("begun", [False, True])
def test_a_cancelled_submission_takes_no_verdict(begun: bool, db: Database, kata: Kata) -> None:
    name = submit(db, kata)
    row = claimed(db) if begun else None
    cancel(db, LOCAL_PERSON, name)
    assert queue.claim(db) is None
    if row is not None:
        assert not queue.finish(db, name, token(row), PASSED)
        assert queue.requeue(db, name, token(row), "why") is None
    after = find(db, LOCAL_PERSON, name)
    assert (after.state, after.verdict) == (State.CANCELLED, None)


def test_running_names_what_is_being_judged_with_its_token(db: Database, kata: Kata) -> None:
    submit(db, kata, ANN)
    submit(db, kata, BOB)
    row = claimed(db)
    assert queue.running(db) == [(row.id, row.token)]
    assert queue.waiting(db) == 1


def test_the_row_is_the_queue_entry(db: Database, kata: Kata) -> None:
    name = submit(db, kata)
    with db.reading() as session:
        assert session.scalars(select(Submission.state)).all() == [State.QUEUED]
    assert claimed(db).id == name
