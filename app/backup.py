"""A person's history as one JSON file, out and in again, and its deletion.

The file holds submissions with code and report (grades, runs, tries, and what was cancelled or met a fault of ours), events
(hints, answers, quizzes, reviews), drafts with every step of their typing, and preferences. Cards are left out: they
follow from the rest; and what still waits is not history yet. What an import would not take is left out as well, the
oldest reports and logs of steps first, never code or the text of a draft. Coming in twice changes nothing the second
time, and never overwrites what is there.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, cast
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError
from sqlalchemy import ColumnElement, case, delete, func, insert, literal, or_, select
from sqlalchemy.orm import Session

from app import drafts, preferences, review
from app.db import Database
from app.events import Did, happened, record
from app.models import Card, DraftEvent, Event, Kind, Preference, State, Submission
from app.people import Person
from app.saved import (
    EXPORTED,
    FORMAT,
    MOST_REPLAYED,
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
    replay,
)
from graders.verdict import Report, Trial

SPOOL_MIB = 8  # of an export that are held in memory; more goes to a file
ROOM = (
    20 << 20
)  # characters of reports and steps of drafts, of what an import takes; the rest is for code, texts, events

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
        when = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
        yield f'{{"format": "{FORMAT}", "schema_version": {SCHEMA_VERSION}, "exported": "{when}"'
        along, left_out = _room(session, person)
        for name in KINDS:
            yield from _listed(name, _submissions(session, person, name, along))
        yield from _listed("events", _events(session, person))
        yield from _listed("drafts", _drafts(session, person, along))
        yield f',\n"preferences": {_json(_preferences(session, person))},\n"left_out": {_json(left_out)}}}\n'


def spooled(db: Database, person: Person, now: float, folder: Path) -> IO[bytes]:
    """The file written to its end, at its start; a long one lies in the folder, without a name. Who reads it slowly then
    holds nothing of the database."""
    spool = cast(IO[bytes], tempfile.SpooledTemporaryFile(SPOOL_MIB << 20, dir=str(folder)))  # noqa: SIM115 - handed on
    try:
        for piece in export(db, person, now):
            spool.write(piece.encode())
    except BaseException:
        spool.close()
        raise
    spool.seek(0)
    return spool


def _listed(name: str, rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    yield f',\n"{name}": ['
    for n, row in enumerate(rows):
        yield (",\n" if n else "\n") + _json(row)
    yield "]"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _room(session: Session, person: Person) -> tuple[set[str], dict[str, int]]:
    """The submissions whose reports and the katas whose steps go along, the newest first; how many do not."""
    reports = select(Submission.created, func.length(Submission.report), literal(0), Submission.id).where(
        Submission.holder == person.holder, Submission.report.is_not(None)
    )
    whole = case((or_(DraftEvent.version == 1, DraftEvent.changes.is_(None)), func.length(DraftEvent.text)), else_=0)
    size = func.sum(func.coalesce(func.length(DraftEvent.changes), 0) + whole + 150)
    replayed = func.count() * (func.max(func.coalesce(func.length(DraftEvent.text), 0)) + 100)
    logs = select(func.max(DraftEvent.at), size, replayed, DraftEvent.kata).where(DraftEvent.holder == person.holder)
    found = [tuple(row) for row in session.execute(reports)]
    found += [tuple(row) for row in session.execute(logs.group_by(DraftEvent.kata))]
    along: set[str] = set()
    left_out = {"reports": 0, "logs": 0}
    room, work = ROOM, MOST_REPLAYED // 2  # texts may have been longer than they are where they are whole
    for _, length, steps, name in sorted(found, reverse=True):
        if length <= room and steps <= work:
            room, work = room - length, work - steps
            along.add(name)
        else:
            left_out["logs" if steps else "reports"] += 1
    return along, left_out


def _submissions(session: Session, person: Person, name: str, along: set[str]) -> Iterator[dict[str, Any]]:
    shape, which = KINDS[name]
    rows = select(Submission).where(Submission.holder == person.holder, *which)
    for row in session.scalars(rows.order_by(Submission.created, Submission.id).execution_options(yield_per=50)):
        saved = {column: getattr(row, column) for column in shape.model_fields}
        if row.finished is None:
            saved["finished"] = row.created
        if "report" in saved:
            saved["report"] = _report(row) if row.id in along else None
        yield saved


def _report(row: Submission) -> Any:
    """As it is stored; None where nobody could read it, else no import would take the file."""
    try:
        (Trial if row.kind == Kind.TRY else Report).model_validate_json(row.report or "")
    except ValidationError:
        return None
    return json.loads(row.report or "")


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


def _drafts(session: Session, person: Person, along: set[str]) -> Iterator[dict[str, Any]]:
    for kata in session.scalars(select(DraftEvent.kata).where(DraftEvent.holder == person.holder).distinct()).all():
        found = drafts.latest(session, person, kata)
        if found is not None:
            steps = list(_steps(session, person, kata)) if kata in along else []
            yield {"kata": kata, "text": found.text, "at": found.at or 0.0, "steps": steps}


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


def bring_in(db: Database, person: Person, saved: Saved, wishes: review.Wishes, zone: ZoneInfo, now: float) -> Counts:
    """Adds what is not there yet, in one transaction, and replays the cards of the katas that it touches."""
    logs = [_log(person, draft) for draft in saved.drafts]  # before the database is locked: nobody waits for that
    with db.writing() as session:
        counts = Counts(
            submissions=_bring_submissions(session, person, saved),
            events=_bring_events(session, person, saved.events),
            preferences=_bring_preferences(session, person, saved.preferences),
        )
        counts.drafts, counts.drafts_kept = _bring_drafts(session, person, logs)
        if counts.anything:
            record(session, person, Did.IMPORT, now, payload=counts.model_dump())
        session.flush()
        touched = {one.kata for one in saved.submissions} | {one.kata for one in saved.events}
        for kata in sorted(touched):
            review.rebuild(session, person, kata, wishes, zone, now)
    return counts


def _bring_submissions(session: Session, person: Person, saved: Saved) -> int:
    there = set(session.scalars(select(Submission.id)))
    new = {one.id: one for one in saved.sent if one.id not in there}
    for one in new.values():
        given = {"kind": one.kind, "state": State.DONE, "attempt": 1, **one.model_dump(exclude={"report"})}
        report = getattr(one, "report", None)
        session.add(
            Submission(
                **person.columns,
                **given,
                code_digest=hashlib.sha256(one.code.encode("utf-8", "surrogatepass")).hexdigest(),
                priority=0,
                report=report.model_dump_json() if report is not None else None,
            )
        )
    return len(new)


def _bring_events(session: Session, person: Person, saved: list[SavedEvent]) -> int:
    there = {_key(row) for row in happened(session, person)}
    new = {one.key: one for one in saved if one.key not in there}
    for one in new.values():
        session.add(
            Event(
                **person.columns,
                kata=one.kata,
                kind=one.kind,
                at=one.at,
                form_key=one.key,
                payload=one.payload.model_dump(),
            )
        )
    return len(new)


def _bring_drafts(session: Session, person: Person, logs: list[list[dict[str, Any]]]) -> tuple[int, int]:
    """A log that goes on where the one here ends is appended to it; of any other only what is here counts."""
    added = kept = 0
    for log in logs:
        mine = DraftEvent.holder == person.holder, DraftEvent.kata == log[0]["kata"]
        there = list(session.scalars(select(DraftEvent.digest).where(*mine).order_by(DraftEvent.version)))
        if there != [row["digest"] for row in log[: len(there)]]:
            kept += log[-1]["digest"] not in there
        elif new := log[len(there) :]:
            session.execute(insert(DraftEvent), new)  # in one statement: they are many
            added += 1
    return added, kept


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
