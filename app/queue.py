"""The queue: the submissions table itself, so that a submission and its place in the queue are one row and one transaction.

A worker claims a row with a fresh token, and only who holds the token can end it: a late verdict of a worker that was
believed dead finds no row. `attempt` counts claims; past the last one the submission is our fault, for an operator to see.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select, update

from app.db import Database
from app.models import State, Submission

ATTEMPTS = 3


@dataclass(frozen=True)
class Ended:
    """How a submission ended; `verdict` and `report` are there when it was judged."""

    state: State
    verdict: str | None = None
    score: float | None = None
    report: str | None = None
    fault: str | None = None


@dataclass(frozen=True)
class Returned:
    """What became of the rows that nobody works on any more."""

    queued: tuple[str, ...]  # to be graded again
    faults: tuple[str, ...]  # tried often enough


def claim(db: Database) -> Submission | None:
    """Takes the submission whose turn it is; its `token` is ours. None when nothing waits."""
    if not waiting(db):
        return None  # found by reading, so that an idle worker never asks for the write lock
    following = (
        select(Submission.id)
        .where(Submission.state == State.QUEUED)
        .order_by(Submission.priority.desc(), Submission.created, Submission.id)
        .limit(1)
        .scalar_subquery()
    )
    taken = (
        update(Submission)
        .where(Submission.id == following, Submission.state == State.QUEUED)
        .values(state=State.RUNNING, token=secrets.token_hex(16), claimed=time.time(), attempt=Submission.attempt + 1)
        .returning(Submission)
    )
    with db.writing() as session:
        return session.scalars(taken).one_or_none()


def waiting(db: Database) -> int:
    """How many submissions wait."""
    with db.reading() as session:
        counted = select(func.count()).select_from(Submission).where(Submission.state == State.QUEUED)
        return session.scalar(counted) or 0


def finish(db: Database, submission: str, token: str, ended: Ended) -> bool:
    """Writes the end. False when the token is no longer the right one: it was cancelled, or somebody else has it."""
    return _end(
        db,
        submission,
        token,
        state=ended.state,
        verdict=ended.verdict,
        score=ended.score,
        report=ended.report,
        fault=ended.fault,
        finished=time.time(),
    )


def give_back(db: Database, submission: str, token: str) -> bool:
    """Puts a submission back that was not worked on to its end and is not to blame: the attempt does not count."""
    return _end(db, submission, token, state=State.QUEUED, claimed=None, attempt=Submission.attempt - 1)


def requeue(db: Database, submission: str, token: str, fault: str) -> State | None:
    """After a fault of ours: queued again, or State.FAULT after the last attempt. None when the token is not right."""
    if _end(db, submission, token, Submission.attempt < ATTEMPTS, state=State.QUEUED, claimed=None, fault=fault):
        return State.QUEUED
    return State.FAULT if finish(db, submission, token, Ended(State.FAULT, fault=fault)) else None


def requeue_left_behind(db: Database) -> Returned:
    """At a worker's start: nobody else can be working, so whatever is marked running was left behind."""
    states = {
        submission: requeue(db, submission, token, "the worker ended while it was being judged")
        for submission, token in running(db)
    }
    return Returned(
        tuple(name for name, state in states.items() if state is State.QUEUED),
        tuple(name for name, state in states.items() if state is State.FAULT),
    )


def running(db: Database) -> list[tuple[str, str]]:
    """(id, token) of all that are being judged."""
    with db.reading() as session:
        rows = session.execute(select(Submission.id, Submission.token).where(Submission.state == State.RUNNING))
        return [(name, token or "") for name, token in rows]


def try_again(db: Database, submission: str) -> bool:
    """An operator's: queues a submission that ended in our fault once more, with all its attempts."""
    with db.writing() as session:
        changed = session.execute(
            update(Submission)
            .where(Submission.id == submission, Submission.state == State.FAULT)
            .values(state=State.QUEUED, attempt=0, finished=None)
            .returning(Submission.id)
        )
        return changed.one_or_none() is not None


def _end(db: Database, submission: str, token: str, *conditions: ColumnElement[bool], **values: object) -> bool:
    with db.writing() as session:
        changed = session.execute(
            update(Submission)
            .where(Submission.id == submission, Submission.token == token, Submission.state == State.RUNNING)
            .where(*conditions)
            .values(token=None, **values)
            .returning(Submission.id)
        )
        return changed.one_or_none() is not None
