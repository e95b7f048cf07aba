"""What a person is typing: an append-only log of steps, so that nothing typed is lost and an interview can be played back.

A step is the whole text, or CodeMirror's ChangeSet as JSON, whose positions count UTF-16 code units. Each carries the
SHA-256 of the text after it, so that a step applied to another text than the writer saw is found at once. Writers name
the version that they build on; who builds on an old one is told the text now, keeps his own, and may append it whole.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.db import Database
from app.models import DraftEvent
from app.people import Person
from app.refusals import BadStep, NotFound, NotText, TooLarge

KINDS = ("edit", "paste", "reset", "restore", "theirs")
WHOLE_EVERY = 50  # steps from one whole text to the next
SLACK_KIB = 64  # a draft may be larger than what can be handed in by so much
MOST_STEPS = 500  # appended at once


class Misfit(Exception):
    """The changes are those of a text of another length: the writer saw another one."""


@dataclass(frozen=True)
class Step:
    """One step: `changes`, or the whole `text`."""

    kind: str  # one of KINDS
    digest: str  # SHA-256 of the text after it, hexadecimal
    changes: list[Any] | None = None
    text: str | None = None
    typed_at: float | None = None  # the browser's clock, seconds since the epoch


@dataclass(frozen=True)
class Head:
    """Where a draft stands. Version 0 is the starter, of which nothing is stored."""

    version: int
    text: str
    at: float | None = None  # when it was stored
    device: str | None = None  # by whom


@dataclass(frozen=True)
class Conflict:
    """The steps do not fit: they build on another text than `head`. Nothing was stored."""

    head: Head
    reason: str  # version, digest


@dataclass(frozen=True)
class Version:
    """A line of the log."""

    version: int
    kind: str
    at: float
    device: str


def head(db: Database, person: Person, kata: str, starter: str) -> Head:
    """The draft now; `starter` is what there is before anything was typed."""
    with db.reading() as session:
        return _head(session, person, kata, starter)


def latest(session: Session, person: Person, kata: str) -> Head | None:
    """The draft now, in a session of the caller's; None when nothing was typed."""
    newest = session.scalar(_NEWEST, {"holder": person.holder, "kata": kata})
    return None if newest is None else _replay(session, person, kata, newest)


def append(
    db: Database,
    person: Person,
    kata: str,
    starter: str,
    base: int,
    device: str,
    steps: Sequence[Step],
    *,
    source_kib: float = 256,
) -> Head | Conflict:
    """Stores the steps behind version `base`, all or none. Sent twice, they are stored once. Raises Refused.

    They are carried out before the database is locked; nobody else waits for that.
    """
    if len(steps) > MOST_STEPS:
        raise BadStep(why=f"more than {MOST_STEPS} steps at once")
    now = head(db, person, kata, starter)
    made = _made(now, steps, source_kib + SLACK_KIB) if base == now.version else []
    with db.writing() as session:
        if base != now.version or session.scalar(_NEWEST, _whose(person, kata)) != (now.version or None):
            now = _head(session, person, kata, starter)
            sent_before = bool(steps) and _stored(session, person, kata, base, device, steps)
            return now if sent_before and base + len(steps) == now.version else Conflict(now, "version")
        if made is None:
            return Conflict(now, "digest")
        at = time.time()
        for number, (step, (text, digest)) in enumerate(zip(steps, made, strict=True), base + 1):
            whole = step.changes is None or number % WHOLE_EVERY == 1
            session.add(
                DraftEvent(
                    holder=person.holder,
                    owner=person.owner,
                    session=person.session,
                    kata=kata,
                    version=number,
                    device=device[:40],
                    kind=step.kind,
                    at=at,
                    typed_at=step.typed_at,
                    changes=step.changes,
                    text=text if whole else None,
                    digest=digest,
                )
            )
        return Head(base + len(made), made[-1][0], at, device[:40]) if made else now


def versions(db: Database, person: Person, kata: str, *, limit: int = 1000) -> list[Version]:
    """The log without its texts, the newest first."""
    columns = (DraftEvent.version, DraftEvent.kind, DraftEvent.at, DraftEvent.device)
    rows = select(*columns).where(*_mine(person, kata)).order_by(DraftEvent.version.desc()).limit(limit)
    with db.reading() as session:
        return [Version(*row) for row in session.execute(rows)]


def text_at(db: Database, person: Person, kata: str, version: int) -> str:
    """The text after step `version`. Raises NotFound."""
    with db.reading() as session:
        found = _replay(session, person, kata, version)
    if found is None or found.version != version:
        raise NotFound(what="draft")
    return found.text


def apply(changes: object, text: str) -> str:
    """The text after a ChangeSet in JSON: 5 keeps five units, [5] takes them out, [5, "a", "b"] puts lines in their place.

    Units are those of UTF-16. Raises BadStep when it is no ChangeSet, Misfit when it is one of a text of another length.
    """
    units = text.encode("utf-16-le", "surrogatepass")
    position, parts = 0, []
    for length, lines in _parse(changes):
        end = position + 2 * length
        if end > len(units):
            raise Misfit()
        if lines is None:
            parts.append(units[position:end])
        else:
            parts.append("\n".join(lines).encode("utf-16-le", "surrogatepass"))
        position = end
    if position != len(units):
        raise Misfit()
    return b"".join(parts).decode("utf-16-le", "surrogatepass")


def digest_of(text: str) -> str:
    """What a step's digest is made of."""
    return hashlib.sha256(text.encode()).hexdigest()


def normal(text: str) -> str:
    """The text with newlines alone at the ends of its lines, as an editor holds it."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _made(now: Head, steps: Sequence[Step], most_kib: float) -> list[tuple[str, str]] | None:
    """The text after each step and its digest; None when the writer saw another text."""
    text, made = now.text, []
    for step in steps:
        text, digest = _carry_out(step, text, most_kib)
        if digest is None:
            return None
        made.append((text, digest))
    return made


def _carry_out(step: Step, text: str, most_kib: float) -> tuple[str, str | None]:
    """The text after a step and its digest; None when the writer saw another text."""
    if step.kind not in KINDS:
        raise BadStep(why=f"kind is one of {', '.join(KINDS)}")
    if (step.changes is None) == (step.text is None):
        raise BadStep(why="a step has either changes or a text")
    if step.text is not None:
        sent, after = step.text, normal(step.text)
    else:
        try:
            sent = after = apply(step.changes, text)
        except Misfit:
            return text, None
    digest = hashlib.sha256(_bytes(after, most_kib)).hexdigest()
    if step.digest != digest and (sent == after or step.digest != digest_of(sent)):
        return text, None
    return after, digest


def _bytes(text: str, most_kib: float) -> bytes:
    if "\0" in text:
        raise NotText(line=text.count("\n", 0, text.index("\0")) + 1)
    if "\r" in text:
        raise BadStep(why="a change brings a carriage return")
    try:
        encoded = text.encode()
    except UnicodeEncodeError as error:  # half a surrogate pair
        raise NotText(line=text.count("\n", 0, error.start) + 1) from None
    if len(encoded) > most_kib * 1024:
        raise TooLarge(limit=f"{most_kib:g}")
    return encoded


def _parse(changes: object) -> list[tuple[int, list[str] | None]]:
    """(units, the lines in their place, or None where they stay) for each part."""
    if not isinstance(changes, list):
        raise BadStep(why="changes are a list")
    parts: list[tuple[int, list[str] | None]] = []
    for part in changes:
        length, *lines = part if isinstance(part, list) and part else [part]
        if type(length) is float and length.is_integer():
            length = int(length)  # in JSON 2.0 is the same number as 2
        if type(length) is not int or length < 0 or not all(isinstance(line, str) for line in lines):
            raise BadStep(why="a change is a length, or a list of a length and lines")
        parts.append((length, lines if isinstance(part, list) else None))
    return parts


def _head(session: Session, person: Person, kata: str, starter: str) -> Head:
    found = latest(session, person, kata)
    return Head(0, normal(starter)) if found is None else found


# Put together once: every page of a kata asks these.
_ONE = (DraftEvent.holder == bindparam("holder"), DraftEvent.kata == bindparam("kata"))
_NEWEST = select(func.max(DraftEvent.version)).where(*_ONE)
_REPLAY = (
    select(DraftEvent)
    .where(
        *_ONE,
        DraftEvent.version <= bindparam("version"),
        DraftEvent.version
        >= select(func.max(DraftEvent.version))
        .where(*_ONE, DraftEvent.version <= bindparam("version"), DraftEvent.text.is_not(None))
        .scalar_subquery(),
    )
    .order_by(DraftEvent.version)
)


def _replay(session: Session, person: Person, kata: str, version: int) -> Head | None:
    """The draft at `version`: the last whole text up to it, and the changes behind that."""
    text, last = "", None
    for row in session.scalars(_REPLAY, {"holder": person.holder, "kata": kata, "version": version}):
        text = row.text if row.text is not None else apply(row.changes, text)
        last = row
    return None if last is None else Head(last.version, text, last.at, last.device)


def _stored(session: Session, person: Person, kata: str, base: int, device: str, steps: Sequence[Step]) -> bool:
    """Whether these very steps stand behind `base` already: the answer to the first sending was lost."""
    there = select(DraftEvent.device, DraftEvent.digest).where(
        *_mine(person, kata), DraftEvent.version > base, DraftEvent.version <= base + len(steps)
    )
    rows = [tuple(row) for row in session.execute(there.order_by(DraftEvent.version))]
    return rows == [(device[:40], step.digest) for step in steps]


def _whose(person: Person, kata: str) -> dict[str, str]:
    return {"holder": person.holder, "kata": kata}


def _mine(person: Person, kata: str) -> tuple[Any, ...]:
    return DraftEvent.holder == person.holder, DraftEvent.kata == kata
