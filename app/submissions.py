"""What a person hands in: looked at, kept and queued in one transaction; found again, cancelled, listed."""

from __future__ import annotations

import hashlib
import secrets
import time

from sqlalchemy import and_, bindparam, func, or_, select, update
from sqlalchemy.orm import Session, defer

from app.db import Database
from app.models import Kind, State, Submission
from app.people import Person
from app.refusals import AlreadyOver, Empty, NoCode, NoSnippet, NotFound, NotText, TooLarge, TooMany
from katas.bank import Kata

MOST_OPEN = 256  # submissions of one holder that wait or run
SNIPPET_KIB = 64
OPEN = (State.QUEUED, State.RUNNING)


def accept(
    db: Database,
    person: Person,
    kata: Kata,
    code: bytes,
    *,
    kind: Kind = Kind.GRADE,
    snippet: str | None = None,
    form_key: str | None = None,
) -> Submission:
    """Queues a submission and returns its row.

    The same form (`form_key`) sent twice with the same content is one submission, and both get the same row; with other
    content, as after the browser's *back*, it is another one. Raises Refused.
    """
    if kata.kind != "code":
        raise NoCode(kata=kata.id)
    text = source_text(code, kata.limits["source_kib"])
    if not text.strip():
        raise Empty()
    snippet = _snippet(snippet) if kind is Kind.TRY else None
    digest = hashlib.sha256(text.encode()).hexdigest()
    key = _content_key(form_key, kata.id, kind, digest, snippet) if form_key else None
    with db.writing() as session:
        if key is not None and (known := _sent_before(session, person, key)) is not None:
            return known
        open_now = _count_open(session, person)
        if open_now >= MOST_OPEN:
            raise TooMany(limit=MOST_OPEN)
        row = Submission(
            id=secrets.token_hex(16),
            holder=person.holder,
            owner=person.owner,
            session=person.session,
            kata=kata.id,
            kind=kind,
            code=text,
            code_digest=digest,
            snippet=snippet,
            form_key=key,
            created=time.time(),
            state=State.QUEUED,
            priority=min(-open_now, _last_waiting(session, person)),
            attempt=0,
        )
        session.add(row)
    return row


def source_text(code: bytes, most_kib: float) -> str:
    """The code as text, its lines ended by newlines alone. Raises TooLarge or NotText."""
    if len(code) > most_kib * 1024:
        raise TooLarge(limit=f"{most_kib:g}")
    try:
        text = code.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotText(line=code.count(b"\n", 0, error.start) + 1) from None
    if "\0" in text:
        raise NotText(line=text.count("\n", 0, text.index("\0")) + 1)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def find(db: Database, person: Person, submission: str) -> Submission:
    """The person's submission. Raises NotFound, also for somebody else's."""
    with db.reading() as session:
        row = session.get(Submission, submission)
    if row is None or row.holder != person.holder:
        raise NotFound(what="submission")
    return row


def cancel(db: Database, person: Person, submission: str) -> Submission:
    """Cancels what waits or runs; from here on no verdict of it is taken. The caller tells the hub, which stops the jail.

    Raises NotFound, or AlreadyOver when it has ended.
    """
    find(db, person, submission)
    with db.writing() as session:
        cancelled = session.scalars(
            update(Submission)
            .where(Submission.id == submission, Submission.state.in_(OPEN))
            .values(state=State.CANCELLED, token=None, finished=time.time())
            .returning(Submission)
        ).one_or_none()
    if cancelled is None:
        raise AlreadyOver()
    return cancelled


def place(db: Database, submission: str) -> int | None:
    """How many are to be judged before it: 0 is next. None when it does not wait."""
    with db.reading() as session:
        row = session.get(Submission, submission, options=(defer(Submission.code), defer(Submission.report)))
        if row is None or row.state != State.QUEUED:
            return None
        same = and_(Submission.priority == row.priority, Submission.created == row.created)
        before = or_(
            Submission.priority > row.priority,
            and_(Submission.priority == row.priority, Submission.created < row.created),
            and_(same, Submission.id < row.id),
        )
        counted = select(func.count()).select_from(Submission).where(Submission.state == State.QUEUED, before)
        return session.scalar(counted) or 0


def history(
    db: Database,
    person: Person,
    *,
    kata: str | None = None,
    kinds: tuple[Kind, ...] = (Kind.GRADE,),
    verdict: str | None = None,
    before: float | None = None,
    last: str | None = None,
    limit: int = 50,
) -> list[Submission]:
    """The person's submissions, the newest first, without code and report (they are loaded by `find`).

    A page ends with the submission `last` of the moment `before`; the next one has what else is of that moment, too.
    """
    rows = select(Submission).where(Submission.holder == person.holder, Submission.kind.in_(kinds))
    if kata is not None:
        rows = rows.where(Submission.kata == kata)
    if verdict is not None:
        rows = rows.where(Submission.verdict == verdict)
    if before is not None and last:
        rows = rows.where(Submission.created <= before, or_(Submission.created < before, Submission.id > last))
    elif before is not None:
        rows = rows.where(Submission.created < before)
    rows = rows.order_by(Submission.created.desc(), Submission.id).limit(limit)
    light = (defer(Submission.code), defer(Submission.report))
    with db.reading() as session:
        return list(session.scalars(rows.options(*light)))


def last_passed(db: Database, person: Person, kata: str) -> str | None:
    """The id of the person's newest grade of a kata that passed."""
    with db.reading() as session:
        return session.scalars(_LAST_PASSED, {"holder": person.holder, "kata": kata}).one_or_none()


def last_snippet(db: Database, person: Person, kata: str) -> str | None:
    """What the person tried last with a kata."""
    with db.reading() as session:
        return session.scalars(_LAST_SNIPPET, {"holder": person.holder, "kata": kata}).one_or_none()


# Put together once: every page of a kata asks these.
_MINE = (Submission.holder == bindparam("holder"), Submission.kata == bindparam("kata"))
_NEWEST = (Submission.created.desc(), Submission.id)
_LAST_PASSED = (
    select(Submission.id)
    .where(*_MINE, Submission.kind == Kind.GRADE, Submission.verdict == "passed")
    .order_by(*_NEWEST)
    .limit(1)
)
_LAST_SNIPPET = select(Submission.snippet).where(*_MINE, Submission.kind == Kind.TRY).order_by(*_NEWEST).limit(1)
_LATEST = (
    select(Submission)
    .where(Submission.holder == bindparam("holder"), Submission.kata == bindparam("kata"))
    .order_by(Submission.created.desc(), Submission.id)
    .limit(1)
    .options(defer(Submission.code), defer(Submission.report))
)


def latest(db: Database, person: Person, kata: str) -> Submission | None:
    """The person's last submission of a kata, of whatever kind, without code and report."""
    with db.reading() as session:
        return session.scalars(_LATEST, {"holder": person.holder, "kata": kata}).one_or_none()


def _count_open(session: Session, person: Person) -> int:
    mine = (Submission.holder == person.holder, Submission.state.in_(OPEN))
    return session.scalar(select(func.count()).select_from(Submission).where(*mine)) or 0


def _last_waiting(session: Session, person: Person) -> int:
    """The lowest priority among what the person has waiting: who has many open waits behind who has few, and nothing of
    his passes what he handed in before."""
    mine = (Submission.holder == person.holder, Submission.state == State.QUEUED)
    return session.scalar(select(func.min(Submission.priority)).where(*mine)) or 0


def _sent_before(session: Session, person: Person, key: str) -> Submission | None:
    return session.scalars(
        select(Submission).where(Submission.holder == person.holder, Submission.form_key == key)
    ).one_or_none()


def _content_key(form_key: str, kata: str, kind: Kind, digest: str, snippet: str | None) -> str:
    parts = "\0".join((form_key, kata, kind, digest, snippet or ""))
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()


def _snippet(snippet: str | None) -> str:
    try:
        text = source_text((snippet or "").encode("utf-8"), SNIPPET_KIB)
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can say
        raise NotText(line=1) from None
    if not text.strip():
        raise NoSnippet()
    return text
