"""The tables. What a person did is never overwritten: submissions, draft events and events are only ever added to.

`holder` says whose a row is, in one word that an index can be made of: `local` in local mode, later an account or a
session. `owner` and `session` are its parts, both null in local mode.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

LOCAL = "local"  # the holder of everything in local mode

# Names for every constraint: Alembic cannot alter what has no name.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class State(StrEnum):
    """Where a submission is on its way. Only `queued` and `running` are open."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"  # a report is there, whatever its verdict
    CANCELLED = "cancelled"
    FAULT = "fault"  # ours, after the last attempt; an operator can queue it again


class Kind(StrEnum):
    """What is asked for."""

    GRADE = "grade"  # all cases, a score
    RUN = "run"  # the visible cases, no score
    TRY = "try"  # the learner's own snippet, no case


class Base(DeclarativeBase):
    """All tables."""

    metadata = MetaData(naming_convention=NAMES)


class Submission(Base):
    """One piece of code that is to be judged. The row is the queue entry, too. Times are seconds since the epoch, UTC."""

    __tablename__ = "submissions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)  # random, part of an address
    holder: Mapped[str] = mapped_column(String(80), default=LOCAL)
    owner: Mapped[str | None] = mapped_column(String(36))
    session: Mapped[str | None] = mapped_column(String(36))
    kata: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(8), default=Kind.GRADE)
    code: Mapped[str] = mapped_column(Text)
    code_digest: Mapped[str] = mapped_column(String(64))
    snippet: Mapped[str | None] = mapped_column(Text)  # of a try
    form_key: Mapped[str | None] = mapped_column(String(64))  # a form sent twice is one submission
    created: Mapped[float] = mapped_column(Float)
    state: Mapped[str] = mapped_column(String(12), default=State.QUEUED)
    priority: Mapped[int] = mapped_column(Integer, default=0)  # the fewer a holder has open, the higher
    attempt: Mapped[int] = mapped_column(Integer, default=0)
    token: Mapped[str | None] = mapped_column(String(32))  # fence: only who holds it may write the verdict
    claimed: Mapped[float | None] = mapped_column(Float)
    finished: Mapped[float | None] = mapped_column(Float)
    verdict: Mapped[str | None] = mapped_column(String(16))
    score: Mapped[float | None] = mapped_column(Float)  # total, 0 to 100; null for runs and tries
    report: Mapped[str | None] = mapped_column(Text)  # graders.verdict.Report as JSON; of a try, graders.verdict.Trial
    fault: Mapped[str | None] = mapped_column(Text)  # why it is our fault, for an operator

    __table_args__ = (
        UniqueConstraint("holder", "form_key"),
        Index(None, "state", "priority", "created"),
        Index(None, "holder", "kata", "created"),
        Index(None, "holder", "created"),
        Index(None, "holder", "kind", "state", "kata", "verdict"),  # what progress and review count
    )


class DraftEvent(Base):
    """One step of somebody's typing. The text now is the last `text`, with the `changes` behind it applied in order."""

    __tablename__ = "draft_events"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    holder: Mapped[str] = mapped_column(String(80), default=LOCAL)
    owner: Mapped[str | None] = mapped_column(String(36))
    session: Mapped[str | None] = mapped_column(String(36))
    kata: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(Integer)  # 1, 2, 3 ... within holder and kata: two writers cannot both win
    device: Mapped[str] = mapped_column(String(40))  # random name of a browser tab
    kind: Mapped[str] = mapped_column(String(12))  # edit, paste, reset, restore, theirs
    at: Mapped[float] = mapped_column(Float)  # server's clock
    typed_at: Mapped[float | None] = mapped_column(Float)  # browser's clock, seconds
    changes: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))  # CodeMirror's ChangeSet.toJSON()
    text: Mapped[str | None] = mapped_column(Text)  # the whole text: every so often, and where there are no changes
    digest: Mapped[str] = mapped_column(String(64))  # SHA-256 of the text after this step

    __table_args__ = (
        UniqueConstraint("holder", "kata", "version"),
        CheckConstraint("changes IS NOT NULL OR text IS NOT NULL", name="content"),
    )


class Event(Base):
    """Whatever else happened: a hint opened, an answer revealed, a quiz answered, a card reviewed."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    holder: Mapped[str] = mapped_column(String(80), default=LOCAL)
    owner: Mapped[str | None] = mapped_column(String(36))
    session: Mapped[str | None] = mapped_column(String(36))
    kata: Mapped[str | None] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(24))  # hint, answer, quiz, review, import
    at: Mapped[float] = mapped_column(Float)
    form_key: Mapped[str | None] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    __table_args__ = (
        UniqueConstraint("holder", "form_key"),
        Index(None, "holder", "kind", "at"),
        Index(None, "holder", "kata", "at"),
    )


class Card(Base):
    """Where spaced repetition stands for one kata; what led there is in `events`."""

    __tablename__ = "cards"

    holder: Mapped[str] = mapped_column(String(80), primary_key=True, default=LOCAL)
    kata: Mapped[str] = mapped_column(String(64), primary_key=True)
    due: Mapped[float] = mapped_column(Float)
    version: Mapped[int] = mapped_column(Integer, default=0)  # rises with every review
    state: Mapped[dict[str, Any]] = mapped_column(JSON)  # fsrs.Card.to_dict()

    __table_args__ = (Index(None, "holder", "due"),)


class Preference(Base):
    """How somebody likes the pages: language, theme, Vim keys, font size, panes, time zone, retention."""

    __tablename__ = "preferences"

    holder: Mapped[str] = mapped_column(String(80), primary_key=True, default=LOCAL)
    values: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class Secret(Base):
    """Keys that this installation made for itself, as the one that signs forms. Never shown, never exported."""

    __tablename__ = "secrets"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)
