"""What somebody did, written straight into the tables: tests of cards, progress and backups begin with it."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from zoneinfo import ZoneInfo

from app import quizzes
from app.db import Database
from app.events import Did, record
from app.models import Event, Kind, State, Submission
from app.people import LOCAL_PERSON, Person
from app.review import Wishes
from katas.bank import Kata
from katas.quiz import read_quiz

UTC = ZoneInfo("UTC")
SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = 86400.0
CODE = "def f(x):\n    return x\n"


def at(text: str, zone: ZoneInfo = UTC) -> float:
    """Seconds since the epoch of `2026-03-01 09:00` in the zone."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def graded(
    db: Database,
    when: float,
    *,
    passed: bool = True,
    kata: str = "masked_softmax",
    score: float | None = None,
    kind: Kind = Kind.GRADE,
    state: State = State.DONE,
    person: Person = LOCAL_PERSON,
    report: str | None = None,
) -> Submission:
    """A submission with its verdict, as the worker leaves it."""
    row = Submission(
        id=secrets.token_hex(16),
        holder=person.holder,
        kata=kata,
        kind=kind,
        code=CODE,
        code_digest=hashlib.sha256(CODE.encode()).hexdigest(),
        created=when,
        state=state,
        priority=0,
        attempt=1,
        finished=when + 0.1,
        verdict=None if state != State.DONE else "done" if kind == Kind.TRY else "passed" if passed else "failed",
        score=None
        if kind != Kind.GRADE or state != State.DONE
        else (100.0 if passed else 40.0)
        if score is None
        else score,
        snippet="print(f(1))\n" if kind == Kind.TRY else None,
        report=report,
    )
    with db.writing() as session:
        session.add(row)
    return row


def did(
    db: Database,
    kind: Did,
    when: float,
    *,
    kata: str = "masked_softmax",
    person: Person = LOCAL_PERSON,
    **payload: object,
) -> None:
    """An event."""
    with db.writing() as session:
        record(session, person, kind, when, kata=kata, payload=payload)


def answered(db: Database, kata: Kata, when: float, wrong: int = 0, zone: ZoneInfo = UTC) -> Event:
    """A sheet of the kata's quiz with so many wrong answers."""
    sheet = {}
    for n, question in enumerate(read_quiz(kata).questions):
        if question.number is not None:
            sheet[question.id] = [str(question.number.value if n >= wrong else 123456789)]
        elif n >= wrong:
            sheet[question.id] = [str(place) for place in question.right]
        else:
            sheet[question.id] = [str(next(p for p in range(len(question.choices)) if p not in question.right))]
    key = secrets.token_hex(8)
    return quizzes.submit(db, LOCAL_PERSON, kata, read_quiz(kata), sheet, Wishes(), zone, when, key)
