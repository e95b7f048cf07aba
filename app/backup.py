"""A person's history as one JSON file, out and in again, and its deletion.

The file holds graded submissions with code and report, events (hints, answers, quizzes, reviews), the drafts as they are
now, and preferences. Cards are left out: they follow from the rest. Coming in twice changes nothing the second time, and
never overwrites what is there.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Annotated, Any, Literal, cast
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app import drafts, preferences, review
from app.db import Database
from app.events import LONGEST_KEY, Did, happened, record
from app.models import Card, DraftEvent, Event, Kind, Preference, State, Submission
from app.people import Person
from app.refusals import Refused
from graders.verdict import Report, Verdict

FORMAT = "torchkata-progress"
SCHEMA_VERSION = 1
MOST_MIB = 32
MOST_ROWS = 100_000
SPOOL_MIB = 8  # of an export that are held in memory; more goes to a file
CLOCK_SLACK = 86400.0  # the clock of the machine that exported may be ahead by so much


class ImportTooLarge(Refused):
    """The file is larger than `limit` MiB."""

    status = 413
    key = "import_too_large"


class NotAnExport(Refused):
    """The file is no JSON, or not of ours."""

    status = 422
    key = "import_not_ours"


class NewerExport(Refused):
    """The file's schema `version` is newer than `known`."""

    status = 422
    key = "import_newer"


class BadExport(Refused):
    """Something in the file is wrong: `where` and `why`."""

    status = 422
    key = "import_broken"


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


Moment = Annotated[float, Field(ge=0, allow_inf_nan=False)]
KataId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class SavedSubmission(_Row):
    """One graded submission."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    kata: KataId
    code: Annotated[str, Field(max_length=1 << 20)]
    created: Moment
    finished: Moment
    verdict: Annotated[Verdict, Field(strict=False)]
    score: Annotated[float, Field(ge=0, le=100)] | None
    report: Annotated[Report, Field(strict=False)] | None


Key = Annotated[str, Field(min_length=1, max_length=LONGEST_KEY)]


class HintOpened(_Row):
    """Of app/events.py, as the classes that follow."""

    n: Annotated[int, Field(ge=1, le=100)]


class AnswerOpened(_Row):
    """Says nothing but that it was."""


class QuizAnswered(_Row):
    """A sheet."""

    answers: dict[str, list[str]]
    right: Annotated[int, Field(ge=0, le=1000)]
    total: Annotated[int, Field(ge=1, le=1000)]
    passed: bool
    quiz: str
    order: Annotated[str, Field(max_length=LONGEST_KEY)] = ""


class CardAnswered(_Row):
    """An answer to a card."""

    rating: Literal["again", "hard", "good", "easy"]
    base: int
    stale: bool


class AnswerTakenBack(_Row):
    """The answer with the key `undoes` does not count."""

    undoes: Key


class _Happened(_Row):
    key: Key
    kata: KataId
    at: Moment


class SavedHint(_Happened):
    """A hint was opened."""

    kind: Literal["hint"]
    payload: HintOpened


class SavedAnswer(_Happened):
    """The answer was opened."""

    kind: Literal["answer"]
    payload: AnswerOpened


class SavedQuiz(_Happened):
    """A quiz was answered."""

    kind: Literal["quiz"]
    payload: QuizAnswered


class SavedReview(_Happened):
    """A card was answered, or an answer taken back."""

    kind: Literal["review"]
    payload: CardAnswered | AnswerTakenBack


SavedEvent = Annotated[SavedHint | SavedAnswer | SavedQuiz | SavedReview, Field(discriminator="kind")]
EXPORTED = (Did.HINT, Did.ANSWER, Did.QUIZ, Did.REVIEW)


class SavedDraft(_Row):
    """The text that somebody was writing."""

    kata: KataId
    text: Annotated[str, Field(max_length=1 << 20)]
    at: Moment


class Saved(_Row):
    """The whole file."""

    format: Literal["torchkata-progress"]
    schema_version: Literal[1]
    exported: str
    submissions: Annotated[list[SavedSubmission], Field(max_length=MOST_ROWS)]
    events: Annotated[list[SavedEvent], Field(max_length=MOST_ROWS)]
    drafts: Annotated[list[SavedDraft], Field(max_length=MOST_ROWS)]
    preferences: Annotated[dict[str, bool | int | float | str], Field(max_length=100)]


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
        yield from _listed("submissions", _submissions(session, person))
        yield from _listed("events", _events(session, person))
        yield from _listed("drafts", _drafts(session, person))
        yield f',\n"preferences": {_json(_preferences(session, person))}}}\n'


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


def _submissions(session: Session, person: Person) -> Iterator[dict[str, Any]]:
    rows = select(Submission).where(
        Submission.holder == person.holder, Submission.kind == Kind.GRADE, Submission.state == State.DONE
    )
    for row in session.scalars(rows.order_by(Submission.created, Submission.id).execution_options(yield_per=50)):
        yield {
            "id": row.id,
            "kata": row.kata,
            "code": row.code,
            "created": row.created,
            "finished": row.finished if row.finished is not None else row.created,
            "verdict": row.verdict,
            "score": row.score,
            "report": json.loads(row.report) if row.report else None,
        }


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


def _drafts(session: Session, person: Person) -> Iterator[dict[str, Any]]:
    for kata in session.scalars(select(DraftEvent.kata).where(DraftEvent.holder == person.holder).distinct()).all():
        found = drafts.latest(session, person, kata)
        if found is not None:
            yield {"kata": kata, "text": found.text, "at": found.at or 0.0}


def _preferences(session: Session, person: Person) -> dict[str, Any]:
    values = session.scalar(select(Preference.values).where(Preference.holder == person.holder)) or {}
    return {name: value for name, value in values.items() if isinstance(value, bool | int | float | str)}


# -- in --------------------------------------------------------------------------------------------------------------


def parse(content: bytes, now: float) -> Saved:
    """Looks at everything before anything is written. Raises ImportTooLarge, NotAnExport, NewerExport, BadExport."""
    if len(content) > MOST_MIB << 20:
        raise ImportTooLarge(limit=MOST_MIB)
    try:
        raw = json.loads(content, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise NotAnExport from None
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise NotAnExport
    version = raw.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise NewerExport(version=version, known=SCHEMA_VERSION)
    try:
        saved = Saved.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise BadExport(where=".".join(str(part) for part in first["loc"]), why=first["msg"]) from None
    for where, at in _times(saved):
        if at > now + CLOCK_SLACK:
            raise BadExport(where=where, why="lies in the future")
    return saved


def bring_in(db: Database, person: Person, saved: Saved, wishes: review.Wishes, zone: ZoneInfo, now: float) -> Counts:
    """Adds what is not there yet, in one transaction, and replays the cards of the katas that it touches."""
    with db.writing() as session:
        counts = Counts(
            submissions=_bring_submissions(session, person, saved.submissions),
            events=_bring_events(session, person, saved.events),
            preferences=_bring_preferences(session, person, saved.preferences),
        )
        counts.drafts, counts.drafts_kept = _bring_drafts(session, person, saved.drafts)
        if counts.anything:
            record(session, person, Did.IMPORT, now, payload=counts.model_dump())
        session.flush()
        touched = {one.kata for one in saved.submissions} | {one.kata for one in saved.events}
        for kata in sorted(touched):
            review.rebuild(session, person, kata, wishes, zone, now)
    return counts


def _refuse(constant: str) -> float:
    raise ValueError(constant)


def _times(saved: Saved) -> Iterator[tuple[str, float]]:
    for n, submission in enumerate(saved.submissions):
        yield f"submissions.{n}.created", submission.created
        yield f"submissions.{n}.finished", submission.finished
    for n, event in enumerate(saved.events):
        yield f"events.{n}.at", event.at
    for n, draft in enumerate(saved.drafts):
        yield f"drafts.{n}.at", draft.at


def _bring_submissions(session: Session, person: Person, saved: list[SavedSubmission]) -> int:
    there = set(session.scalars(select(Submission.id)))
    new = {one.id: one for one in saved if one.id not in there}
    for one in new.values():
        session.add(
            Submission(
                id=one.id,
                holder=person.holder,
                owner=person.owner,
                session=person.session,
                kata=one.kata,
                kind=Kind.GRADE,
                code=one.code,
                code_digest=hashlib.sha256(one.code.encode("utf-8", "surrogatepass")).hexdigest(),
                created=one.created,
                state=State.DONE,
                priority=0,
                attempt=1,
                finished=one.finished,
                verdict=one.verdict,
                score=one.score,
                report=one.report.model_dump_json() if one.report is not None else None,
            )
        )
    return len(new)


def _bring_events(session: Session, person: Person, saved: list[SavedEvent]) -> int:
    there = {_key(row) for row in happened(session, person)}
    new = {one.key: one for one in saved if one.key not in there}
    for one in new.values():
        session.add(
            Event(
                holder=person.holder,
                owner=person.owner,
                session=person.session,
                kata=one.kata,
                kind=one.kind,
                at=one.at,
                form_key=one.key,
                payload=one.payload.model_dump(),
            )
        )
    return len(new)


def _bring_drafts(session: Session, person: Person, saved: list[SavedDraft]) -> tuple[int, int]:
    added = kept = 0
    for one in saved:
        there = drafts.latest(session, person, one.kata)
        if there is not None:
            kept += there.text != one.text
            continue
        session.add(
            DraftEvent(
                holder=person.holder,
                owner=person.owner,
                session=person.session,
                kata=one.kata,
                version=1,
                device="import",
                kind="restore",
                at=one.at,
                text=one.text,
                digest=drafts.digest_of(one.text),
            )
        )
        session.flush()
        added += 1
    return added, kept


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
