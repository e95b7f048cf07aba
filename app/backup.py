"""A person's history as one JSON file, out and in again, and its deletion.

The file holds submissions with code and report (grades, runs, tries, and what was cancelled or met a fault of ours), events
(hints, answers, quizzes, reviews), drafts with every step of their typing, and preferences. Cards are left out: they
follow from the rest; and what still waits is not history yet. What an import would not take is left out as well, the
oldest reports first, then logs of steps, never code or the text of a draft; who has more of these than an import takes
gets them all, and is told so. Coming in twice changes nothing the second
time, and never overwrites what is there.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from typing import cast as typed
from zoneinfo import ZoneInfo

from pydantic import BaseModel
from sqlalchemy import ColumnElement, LargeBinary, cast, delete, func, insert, select
from sqlalchemy.orm import Session, defer

from app import drafts, preferences, review
from app.db import Database
from app.events import Did, happened, record
from app.models import Card, DraftEvent, Event, Kind, Preference, State, Submission
from app.people import Person
from app.saved import (
    EXPORTED,
    FORMAT,
    MOST_MIB,
    MOST_REPLAYED,
    MOST_ROWS,
    REPORTS,
    SCHEMA_VERSION,
    Saved,
    SavedDraft,
    SavedEvent,
    SavedRun,
    SavedStep,
    SavedSubmission,
    SavedTry,
    SavedUnjudged,
    Sent,
    loads,
    replay,
)

TRIES = 3  # to plan an import while the person does nothing else
SPOOL = 8 << 20  # bytes of an export that are held in memory; more goes to a file
ROOM = (MOST_MIB << 20) - (64 << 10)  # bytes of a file; what a browser sends around it takes some of an import's

# list of the file -> its rows, and which submissions they are
KINDS: dict[str, tuple[type[Sent], tuple[ColumnElement[bool], ...]]] = {
    "submissions": (SavedSubmission, (Submission.kind == Kind.GRADE, Submission.state == State.DONE)),
    "runs": (SavedRun, (Submission.kind == Kind.RUN, Submission.state == State.DONE)),
    "tries": (SavedTry, (Submission.kind == Kind.TRY, Submission.state == State.DONE)),
    "unjudged": (SavedUnjudged, (Submission.state.in_((State.CANCELLED, State.FAULT)),)),
}


class Counts(BaseModel):
    """How many of each; of an import, how many were new."""

    submissions: int = 0
    events: int = 0
    drafts: int = 0
    drafts_kept: int = 0  # another text was here already; it stays
    preferences: int = 0

    @property
    def anything(self) -> bool:
        """Whether there is something."""
        return bool(self.submissions or self.events or self.drafts or self.preferences)


# -- out -------------------------------------------------------------------------------------------------------------


def export(db: Database, person: Person, now: float) -> Iterator[str]:
    """The file, in pieces, so that a long history is never held whole."""
    with db.reading() as session:
        fits = _fits(session, person)
        most = {"reports": 10**9, "logs": 10**9}
        size = sum(len(piece.encode()) for piece in _pieces(session, person, now, set(), most, fits))
        along, left_out = _room(session, person, ROOM - size)
        yield from _pieces(session, person, now, along, left_out, fits and size <= ROOM)


def _fits(session: Session, person: Person) -> bool:
    """Whether there are no more rows than an import takes."""
    return max(_count(session, Submission, person), _count(session, Event, person)) <= MOST_ROWS


def _pieces(
    session: Session, person: Person, now: float, along: set[str], left_out: dict[str, int], fits: bool
) -> Iterator[str]:
    when = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
    yield f'{{"format": "{FORMAT}", "schema_version": {SCHEMA_VERSION}, "exported": "{when}"'
    for name in KINDS:
        yield from _listed(name, _submissions(session, person, name, along))
    yield from _listed("events", map(_json, _events(session, person)))
    yield from _listed("drafts", _drafts(session, person, along))
    yield f',\n"preferences": {_json(_preferences(session, person))},\n"left_out": {_json(left_out)}'
    yield "}\n" if fits else ',\n"too_large": true}\n'  # no import takes it


def spooled(db: Database, person: Person, now: float, folder: Path) -> tuple[IO[bytes], bool]:
    """The file written to its end, at its start; a long one lies in the folder, without a name. Who reads it slowly then
    holds nothing of the database. And whether an import takes it."""
    spool: IO[bytes] = typed(IO[bytes], tempfile.SpooledTemporaryFile(SPOOL, dir=str(folder)))  # noqa: SIM115 - handed on
    try:
        for piece in export(db, person, now):
            spool.write(piece.encode())
        size = spool.tell()
        spool.seek(0)  # writes what is left
        with db.reading() as session:
            fits = size <= ROOM and _fits(session, person)
    except BaseException:
        with suppress(OSError):  # a full disk does not take what is left now either
            spool.close()
        raise
    return spool, fits


def _listed(name: str, rows: Iterator[str]) -> Iterator[str]:
    yield f',\n"{name}": ['
    for n, row in enumerate(rows):
        yield (",\n" if n else "\n") + row
    yield "]"


def _by(count: int, names: list[str]) -> Iterator[list[str]]:
    yield from (names[at : at + count] for at in range(0, len(names), count))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _room(session: Session, person: Person, room: int) -> tuple[set[str], dict[str, int]]:
    """The katas whose steps and the submissions whose reports go along with so many bytes, steps before reports and the
    newest first; how many do not."""
    along: set[str] = set()
    left_out = {"reports": 0, "logs": 0}
    work = MOST_REPLAYED
    newest = func.max(DraftEvent.at).desc()
    logs = select(DraftEvent.kata, _bytes(DraftEvent.changes, DraftEvent.text)).where(
        DraftEvent.holder == person.holder
    )
    for kata, least in session.execute(logs.group_by(DraftEvent.kata).order_by(newest, DraftEvent.kata)).all():
        size, steps = _measured(session, person, kata) if least // 2 <= room else (least, 0)
        if size <= room and steps <= work:
            room, work = room - size, work - steps
            along.add(kata)
        else:
            left_out["logs"] += 1
    sizes = select(Submission.id, _bytes(Submission.report)).where(
        Submission.holder == person.holder, Submission.report.is_not(None)
    )
    for name, size in session.execute(
        sizes.group_by(Submission.id).order_by(Submission.created.desc(), Submission.id)
    ).all():
        if size <= room:
            room -= size
            along.add(name)
        else:
            left_out["reports"] += 1
    return along, left_out


def _bytes(*columns: Any) -> Any:
    """How many bytes they hold; `length` alone would count characters."""
    return func.sum(sum(func.coalesce(func.length(cast(column, LargeBinary)), 0) for column in columns))


def _measured(session: Session, person: Person, kata: str) -> tuple[int, int]:
    """Bytes of a draft's steps in the file; what an import has to replay of them, at most."""
    size = work = units = 0
    for step in _steps(session, person, kata):
        size += len(_json(step).encode()) + 2
        units = _units(step["text"]) if "text" in step else sum(map(_kept_units, step["changes"]))
        work += units + 100
    return size, work


def _kept_units(part: Any) -> int:
    """How long the text becomes by a part of a change; a UTF-16 unit is a character or half of one."""
    if not isinstance(part, list):
        return int(part)
    return sum(map(_units, part[1:])) + max(len(part) - 2, 0)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _submissions(session: Session, person: Person, name: str, along: set[str]) -> Iterator[str]:
    shape, which = KINDS[name]
    rows = select(Submission).where(Submission.holder == person.holder, *which).options(defer(Submission.report))
    for row in session.scalars(rows.order_by(Submission.created, Submission.id).execution_options(yield_per=50)):
        saved = {column: getattr(row, column) for column in shape.model_fields if column != "report"}
        if row.finished is None:
            saved["finished"] = row.created
        if "report" in shape.model_fields:
            report = _report(row) if row.id in along else "null"
            yield f'{_json(saved)[:-1]}, "report": {report}}}'
        else:
            yield _json(saved)


def _report(row: Submission) -> str:
    """As it is stored, so that it is as long as it was measured; null where no import would take it."""
    try:
        REPORTS[row.kind].validate_python(loads(row.report or ""))
    except (ValueError, RecursionError):  # pydantic's is one
        return "null"
    return row.report or "null"


def _events(session: Session, person: Person) -> Iterator[dict[str, Any]]:
    for row in happened(session, person, EXPORTED):
        if row.kata is not None:
            yield {"key": _key(row), "kind": row.kind, "kata": row.kata, "at": row.at, "payload": row.payload}


def _key(row: Event) -> str:
    """An event's own key; of one without, its content's."""
    if row.form_key:
        return row.form_key
    content = json.dumps([row.kind, row.kata, row.at, row.payload], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def _drafts(session: Session, person: Person, along: set[str]) -> Iterator[str]:
    for kata in session.scalars(select(DraftEvent.kata).where(DraftEvent.holder == person.holder).distinct()).all():
        found = drafts.latest(session, person, kata)
        if found is not None:
            steps = list(_steps(session, person, kata)) if kata in along else []
            yield _json({"kata": kata, "text": found.text, "at": found.at or 0.0, "steps": steps})


def _steps(session: Session, person: Person, kata: str) -> Iterator[dict[str, Any]]:
    rows = select(DraftEvent).where(DraftEvent.holder == person.holder, DraftEvent.kata == kata)
    for row in session.scalars(rows.order_by(DraftEvent.version).execution_options(yield_per=500)):
        step = {"kind": row.kind, "device": row.device, "at": row.at, "typed_at": row.typed_at, "changes": row.changes}
        if row.version == 1 or row.changes is None:  # any other text follows from the changes
            step["text"] = row.text
        yield {name: value for name, value in step.items() if value is not None}


def _preferences(session: Session, person: Person) -> dict[str, Any]:
    values = session.scalar(select(Preference.values).where(Preference.holder == person.holder)) or {}
    return {name: value for name, value in values.items() if isinstance(value, bool | int | float | str)}


# -- in --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _There:
    """What is here already of what a file may bring."""

    ids: set[str]  # of submissions of the file
    events: list[Event]
    grades: dict[str, list[review.Grade]]
    logs: dict[str, list[str]]  # kata -> the digests of its steps


@dataclass
class _Plan:
    """What is to be written: rows, and cards replayed."""

    counts: Counts
    submissions: list[dict[str, Any]]
    events: list[dict[str, Any]]
    steps: list[dict[str, Any]]
    cards: dict[str, review.Replayed | None]


def bring_in(db: Database, person: Person, saved: Saved, wishes: review.Wishes, zone: ZoneInfo, now: float) -> Counts:
    """Adds what is not there yet, in one transaction, with the cards of the katas that it touches.

    All is worked out before the database is locked, and again if the person did something meanwhile; under the lock rows
    are only put in, so that nobody else waits for long.
    """
    submissions = {one.id: _submission(person, one) for one in saved.sent}
    events = {one.key: _event(person, one) for one in saved.events}
    logs = [_log(person, draft) for draft in saved.drafts]

    def planned(session: Session) -> Callable[[], _Plan]:
        there = _there(session, person, submissions, logs)
        return lambda: _plan(there, submissions, events, logs, wishes, zone, now)

    for _ in range(TRIES):
        with db.reading() as session:
            stamp, plan = _stamp(session, person), planned(session)
        ready = plan()
        with db.writing() as session:
            if _stamp(session, person) == stamp:
                return _write(session, person, saved, ready, now)
    with db.writing() as session:  # who does so much at once waits for himself
        return _write(session, person, saved, planned(session)(), now)


def _stamp(session: Session, person: Person) -> list[tuple[Any, ...]]:
    """Changes with everything that the person does, and with every verdict."""
    sent = select(Submission.kind, Submission.state, func.count()).where(Submission.holder == person.holder)
    typed = select(DraftEvent.kata, func.count(), func.max(DraftEvent.version)).where(
        DraftEvent.holder == person.holder
    )
    did = select(func.count(), func.max(Event.id)).where(Event.holder == person.holder)
    found = [
        sent.group_by(Submission.kind, Submission.state),
        typed.group_by(DraftEvent.kata).order_by(DraftEvent.kata),
        did,
    ]
    return [tuple(row) for rows in found for row in session.execute(rows)]


def _there(
    session: Session, person: Person, submissions: Mapping[str, object], logs: list[list[dict[str, Any]]]
) -> _There:
    digests: dict[str, list[str]] = {}
    for log in logs:
        mine = DraftEvent.holder == person.holder, DraftEvent.kata == log[0]["kata"]
        rows = select(DraftEvent.digest).where(*mine).order_by(DraftEvent.version)
        digests[log[0]["kata"]] = list(session.scalars(rows))
    return _There(
        ids={
            name
            for some in _by(500, list(submissions))
            for name in session.scalars(select(Submission.id).where(Submission.id.in_(some)))
        },
        events=happened(session, person),
        grades=review.grades(session, person),
        logs=digests,
    )


def _plan(
    there: _There,
    submissions: dict[str, dict[str, Any]],
    events: dict[str, dict[str, Any]],
    logs: list[list[dict[str, Any]]],
    wishes: review.Wishes,
    zone: ZoneInfo,
    now: float,
) -> _Plan:
    keys = {_key(row) for row in there.events}
    plan = _Plan(
        Counts(),
        [row for name, row in submissions.items() if name not in there.ids],
        [row for key, row in events.items() if key not in keys],
        [],
        {},
    )
    plan.counts.submissions, plan.counts.events = len(plan.submissions), len(plan.events)
    for log in logs:
        # One that goes on where the one here ends is appended to it; of any other only what is here counts.
        steps = there.logs[log[0]["kata"]]
        if steps != [row["digest"] for row in log[: len(steps)]]:
            plan.counts.drafts_kept += log[-1]["digest"] not in steps
        elif new := log[len(steps) :]:
            plan.steps += new
            there.logs[log[0]["kata"]] = [row["digest"] for row in log]  # a file may have two of one kata
            plan.counts.drafts += 1
    moved: dict[str, list[Event]] = {}
    for event in sorted([*there.events, *(Event(**row) for row in plan.events)], key=lambda event: event.at):
        if event.kata is not None and event.kind in review.MOVING:
            moved.setdefault(event.kata, []).append(event)
    grades = {kata: list(some) for kata, some in there.grades.items()}
    for row in plan.submissions:
        if row["kind"] == Kind.GRADE and row["state"] == State.DONE:
            grades.setdefault(row["kata"], []).append((row["created"], row["verdict"] == "passed"))
    for kata in sorted({row["kata"] for row in (*submissions.values(), *events.values())}):
        some = sorted(grades.get(kata, []), key=lambda grade: grade[0])
        plan.cards[kata] = review.replayed(kata, some, moved.get(kata, []), wishes, zone, now)
    return plan


def _write(session: Session, person: Person, saved: Saved, plan: _Plan, now: float) -> Counts:
    counts = plan.counts
    for table, rows in ((Submission, plan.submissions), (Event, plan.events), (DraftEvent, plan.steps)):
        if rows:
            session.connection().execute(insert(table), rows)  # in one statement, past the ORM: they are many
    counts.preferences = _bring_preferences(session, person, saved.preferences)
    if counts.anything:
        record(session, person, Did.IMPORT, now, payload=counts.model_dump())
    for kata, card in plan.cards.items():
        review.put(session, person, kata, card)
    return counts


def _submission(person: Person, one: SavedSubmission | SavedRun | SavedTry | SavedUnjudged) -> dict[str, Any]:
    report = getattr(one, "report", None)
    empty = dict.fromkeys(("snippet", "verdict", "score", "fault"))
    given = {"kind": one.kind, "state": State.DONE, "attempt": 1, **one.model_dump(exclude={"report"})}
    return {
        **person.columns,
        **empty,
        **given,
        "code_digest": hashlib.sha256(one.code.encode("utf-8", "surrogatepass")).hexdigest(),
        "priority": 0,
        "report": report.model_dump_json() if report is not None else None,
    }


def _event(person: Person, one: SavedEvent) -> dict[str, Any]:
    said = {"kata": one.kata, "kind": one.kind, "at": one.at, "form_key": one.key}
    return {**person.columns, **said, "payload": one.payload.model_dump()}


def _log(person: Person, draft: SavedDraft) -> list[dict[str, Any]]:
    """The rows of a draft; of one that came without its steps, the text as the first."""
    if not draft.steps:
        step = SavedStep(kind="restore", device="import", at=draft.at, text=draft.text)
        draft = draft.model_copy(update={"steps": [step]})
    return [
        {
            **person.columns,
            "kata": draft.kata,
            "version": version,
            **step.model_dump(),
            "text": text if step.changes is None or version % drafts.WHOLE_EVERY == 1 else None,
            "digest": drafts.digest_of(text),
        }
        for version, (step, text) in enumerate(zip(draft.steps, replay(draft), strict=True), 1)
    ]


def _bring_preferences(session: Session, person: Person, saved: dict[str, bool | int | float | str]) -> int:
    row = session.get(Preference, person.holder)
    if row is None:
        row = Preference(holder=person.holder, values={})
        session.add(row)
    new: dict[str, preferences.Value] = {}
    for name, value in saved.items():
        if name not in row.values:
            try:
                new |= preferences.read({name: str(value)})
            except preferences.BadValue:
                continue  # a choice that this version does not have
    row.values = {**row.values, **new}
    return len(new)


# -- away ------------------------------------------------------------------------------------------------------------


def held(session: Session, person: Person) -> Counts:
    """What a deletion would delete."""
    return Counts(
        submissions=_count(session, Submission, person),
        events=_count(session, Event, person),
        drafts=session.scalar(
            select(func.count(func.distinct(DraftEvent.kata))).where(DraftEvent.holder == person.holder)
        )
        or 0,
        preferences=len(_preferences(session, person)),
    )


def delete_everything(db: Database, person: Person) -> Counts:
    """Deletes all rows of the person, submissions that wait or run too: their verdicts then find no row."""
    with db.writing() as session:
        if session.get_bind().dialect.name == "sqlite":
            session.connection().exec_driver_sql("PRAGMA secure_delete = ON")  # else the texts stay in free pages
        counts = held(session, person)
        for table in (Submission, DraftEvent, Event, Card, Preference):
            session.execute(delete(table).where(table.holder == person.holder))
    return counts


def _count(session: Session, table: type[Submission | Event], person: Person) -> int:
    return session.scalar(select(func.count()).select_from(table).where(table.holder == person.holder)) or 0
