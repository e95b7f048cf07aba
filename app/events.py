"""What happened, added and never changed: a hint opened, an answer revealed, a quiz answered, a card reviewed."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.models import Event
from app.people import Person

LONGEST_KEY = 64


class Did(StrEnum):
    """What the `kind` of an event may be."""

    HINT = "hint"  # payload: n, the hint's number
    ANSWER = "answer"  # gave up: the answer was opened before it was solved
    QUIZ = "quiz"  # payload: answers, right, total, passed, digest
    REVIEW = "review"  # payload: rating, base; or undoes: the form_key of the review that is taken back
    IMPORT = "import"


def new_key() -> str:
    """A key for a form, so that a form sent twice is one event."""
    return secrets.token_urlsafe(18)


def bounded(key: str) -> str:
    """The key as it is stored: what is too long for its column is hashed, so that two keys never become one."""
    return key if len(key) <= LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()


def record(
    session: Session,
    person: Person,
    kind: Did,
    at: float,
    *,
    kata: str | None = None,
    payload: Mapping[str, Any] | None = None,
    form_key: str | None = None,
    says: Sequence[str] = (),
) -> tuple[Event, bool]:
    """Adds an event to a writing session; returns it, and whether it is new: the same `form_key` twice is one event.

    With another kata or kind, or where the payload's `says` are others, as after the browser's *back*, it is another one.
    """
    said = [kind, kata, {name: (payload or {}).get(name) for name in says}]
    key = bounded(form_key) if form_key else new_key()
    known = _keyed(session, person, key)
    if known is not None and _said(known, says) != said:
        key = hashlib.sha256(json.dumps([key, *said], sort_keys=True).encode()).hexdigest()
        known = _keyed(session, person, key)
    if known is not None:
        return known, False
    event = Event(
        **person.columns,
        kata=kata,
        kind=kind,
        at=at,
        form_key=key,
        payload=dict(payload or {}),
    )
    session.add(event)
    session.flush()
    return event, True


def _keyed(session: Session, person: Person, key: str) -> Event | None:
    return session.scalar(select(Event).where(Event.holder == person.holder, Event.form_key == key))


def _said(event: Event, says: Sequence[str]) -> list[Any]:
    return [event.kind, event.kata, {name: event.payload.get(name) for name in says}]


# Put together once: every page of a kata asks these.
_HAPPENED = select(Event).where(Event.holder == bindparam("holder")).order_by(Event.at, Event.id)
_OF_KINDS = _HAPPENED.where(Event.kind.in_(bindparam("kinds", expanding=True)))
_OF_KATA = _HAPPENED.where(Event.kata == bindparam("kata"))
_OF_BOTH = _OF_KINDS.where(Event.kata == bindparam("kata"))


def happened(
    session: Session, person: Person, kinds: Sequence[Did] | None = None, *, kata: str | None = None
) -> list[Event]:
    """The person's events, the oldest first."""
    values: dict[str, Any] = {"holder": person.holder}
    if kinds is not None:
        values["kinds"] = list(kinds)
    if kata is not None:
        values["kata"] = kata
    if kinds is None:
        rows = _HAPPENED if kata is None else _OF_KATA
    else:
        rows = _OF_KINDS if kata is None else _OF_BOTH
    return list(session.scalars(rows, values))
