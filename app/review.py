"""Spaced repetition: which katas somebody is about to forget, by FSRS.

A card is never the truth. The truth is what happened: grades, quizzes, answers to cards. From these a card is replayed,
so undoing an answer, importing a history and changing the retention are all one thing: replay. The worker writes its
verdicts and knows nothing of cards; `refresh` notices on the web side that a kata has verdicts which its card has not
seen, and replays that one.

How a kata comes in and what counts as a review:
- a concept kata with its first quiz, a code kata with its first passed grade;
- an answer on the review page: again, hard, good, easy, as the person says;
- a quiz: all right is good, three quarters is hard, less is again. The first sheet of a sitting counts, since the reasons
  are shown behind it;
- solving again: passed at once is good, passed after failures is hard, given up while it was due is again.
A card that would come up on an easy day comes up on the nearest other day, before it or after it as chance would have it,
but the same every time; never on the day of its last answer, and never on a day that is over. What is overdue stays due.
A sitting is what lies less than six hours apart. Intervals are whole days: nobody writes an attention layer ten minutes
after the last one.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import fsrs
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.db import Database, DatabaseTrouble
from app.events import Did, happened, record
from app.localtime import day, next_day, start_of
from app.models import Card, Event, Kind, State, Submission
from app.people import Person
from app.refusals import NotFound, Refused

RATINGS = {"again": fsrs.Rating.Again, "hard": fsrs.Rating.Hard, "good": fsrs.Rating.Good, "easy": fsrs.Rating.Easy}
RETENTION, LEAST_RETENTION, MOST_RETENTION = 0.9, 0.75, 0.97
A_DAY, MOST_A_DAY = 10, 100  # reviews
SITTING = 6 * 3600.0
MANY_FAILURES = 3
HARD_SHARE = 0.75
FORECAST_DAYS = 30
MOST_MOMENTS = 1000  # replayed of a card, the newest: they cost half a second, and forget what was before
EASY_DAYS = ("easy_mon", "easy_tue", "easy_wed", "easy_thu", "easy_fri", "easy_sat", "easy_sun")  # as preferences

MOVING = (Did.HINT, Did.ANSWER, Did.QUIZ, Did.REVIEW)  # events that move a card, or how far

T = TypeVar("T")
Grade = tuple[float, bool]  # when, and whether it passed


class BadRating(Refused):
    """An answer to a card that is none of again, hard, good, easy."""

    status = 422
    key = "bad_rating"


@dataclass(frozen=True)
class Wishes:
    """How somebody wants to review."""

    retention: float = RETENTION  # the probability of still knowing it when it comes up
    a_day: int = A_DAY
    easy: tuple[int, ...] = ()  # weekdays on which nothing comes up, Monday is 0; never all seven


@dataclass(frozen=True)
class Moment:
    """One thing that moves a card."""

    at: float
    rating: fsrs.Rating
    only_when_due: bool = False  # failing at something that was not asked for says nothing


@dataclass(frozen=True)
class Replayed:
    """What is stored of a card."""

    due: float
    version: int
    state: dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """A card as the queue shows it."""

    kata: str
    due: float
    version: int
    retrievability: float  # now, 0 to 1
    last_review: float
    after: dict[str, int]  # rating -> days until it would come up again


@dataclass(frozen=True)
class Queue:
    """What is up for review."""

    entries: list[Entry]  # most forgotten first; no more than today's limit leaves
    waiting: int  # all that are due, those beyond the limit too
    done_today: int
    wishes: Wishes
    next_due: float | None  # when nothing is due: the next one
    cards: int  # of this person, in all


@dataclass(frozen=True)
class Answered:
    """What became of an answer."""

    kata: str
    rating: str
    version: int
    due: float
    form_key: str  # to take it back
    stale: bool  # the card had moved on since the page was made: in another tab, say. The answer counts all the same
    repeated: bool  # the same form was sent before; nothing was added


def wishes_of(prefs: Mapping[str, Any]) -> Wishes:
    """From the preferences, whatever they hold."""
    retention, a_day = prefs.get("retention"), prefs.get("reviews_a_day")
    easy = tuple(n for n, name in enumerate(EASY_DAYS) if prefs.get(name) is True)
    return Wishes(
        min(max(float(retention), LEAST_RETENTION), MOST_RETENTION)
        if isinstance(retention, int | float)
        else RETENTION,
        min(max(int(a_day), 1), MOST_A_DAY) if isinstance(a_day, int | float) else A_DAY,
        easy if len(easy) < len(EASY_DAYS) else (),
    )


# -- from what happened to a card ------------------------------------------------------------------------------------


def replay(moments: Iterable[Moment], retention: float) -> fsrs.Card | None:
    """The card after these moments, the newest of them in the order of time; None before the first."""
    scheduler, card = _scheduler(retention), None
    for moment in sorted(moments, key=lambda m: m.at)[-MOST_MOMENTS:]:
        when = datetime.fromtimestamp(moment.at, UTC)
        if moment.only_when_due and (card is None or card.due > when):
            continue
        before = card if card is not None else fsrs.Card(card_id=1, due=when)
        card, _ = scheduler.review_card(before, moment.rating, when)
    return card


def code_moments(grades: Sequence[tuple[float, bool]], helped: Sequence[tuple[float, str]], now: float) -> list[Moment]:
    """Of a code kata: `grades` are (when, passed), `helped` (when, hint or answer); both by time."""
    moments: list[Moment] = []
    for sitting in _sittings(grades):
        first_pass = next((at for at, passed in sitting if passed), None)
        if first_pass is None:
            if moments and sitting[-1][0] + SITTING <= now:
                moments.append(Moment(sitting[-1][0], fsrs.Rating.Again, only_when_due=True))
        elif moments:
            moments.append(Moment(first_pass, fsrs.Rating.Good if sitting[0][1] else fsrs.Rating.Hard))
        else:
            moments.append(Moment(first_pass, _first_rating(first_pass, grades, helped)))
    return moments


def quiz_moments(sheets: Sequence[tuple[float, float]]) -> list[Moment]:
    """Of a concept kata: `sheets` are (when, share that was right), by time."""
    return [Moment(sitting[0][0], _quiz_rating(sitting[0][1])) for sitting in _sittings(sheets)]


def spared(due: date, kata: str, easy: Collection[int], earliest: date) -> date:
    """The day on which a card comes up that is due on `due`: another one where that is easy, but none before `earliest`.

    Which neighbour it is hangs on kata and day alone, so that a replay gives the same and the cards of a day are shared out.
    """
    if due.weekday() not in easy or len(set(easy)) == len(EASY_DAYS):
        return due
    before, after = due, due
    while before.weekday() in easy:
        before -= timedelta(days=1)
    while after.weekday() in easy:
        after += timedelta(days=1)
    early = zlib.crc32(f"{kata} {due.isoformat()}".encode()) % 2 == 0
    return before if early and before >= earliest else after


def _quiz_rating(share: float) -> fsrs.Rating:
    if share >= 1:
        return fsrs.Rating.Good
    return fsrs.Rating.Hard if share >= HARD_SHARE else fsrs.Rating.Again


def _first_rating(at: float, grades: Sequence[tuple[float, bool]], helped: Sequence[tuple[float, str]]) -> fsrs.Rating:
    before = [kind for when, kind in helped if when <= at]
    if Did.ANSWER in before:
        return fsrs.Rating.Again
    failures = sum(when < at and not passed for when, passed in grades)
    return fsrs.Rating.Hard if before or failures >= MANY_FAILURES else fsrs.Rating.Good


def _sittings(moments: Sequence[tuple[float, T]]) -> list[list[tuple[float, T]]]:
    found: list[list[tuple[float, T]]] = []
    for moment in moments:
        if found and moment[0] - found[-1][-1][0] < SITTING:
            found[-1].append(moment)
        else:
            found.append([moment])
    return found


def _scheduler(retention: float) -> fsrs.Scheduler:
    # No fuzz: a replay must give the same card every time. No steps of minutes.
    return fsrs.Scheduler(
        desired_retention=retention, learning_steps=(), relearning_steps=(), enable_fuzzing=False, maximum_interval=3650
    )


# -- cards in the database -------------------------------------------------------------------------------------------


def refresh(db: Database, person: Person, wishes: Wishes, zone: ZoneInfo, now: float) -> bool:
    """Replays every card that has not seen the last verdicts of its kata; says whether there was one. Cheap otherwise."""
    with db.reading() as session:
        stale = _stale(session, person, wishes, now)
    if not stale:
        return False
    try:
        with db.writing() as session:
            for kata in stale:
                rebuild(session, person, kata, wishes, zone, now)
        return True
    except DatabaseTrouble:
        return False  # a page is shown with the cards there are; what happened is safe, and the next page tries again


def rebuild(session: Session, person: Person, kata: str, wishes: Wishes, zone: ZoneInfo, now: float) -> Card | None:
    """Replays one card and stores it. The version rises with everything that ever happened to the kata."""
    events = happened(session, person, MOVING, kata=kata)
    return put(session, person, kata, replayed(kata, _grades(session, person, kata), events, wishes, zone, now))


def replayed(
    kata: str, grades: list[Grade], events: Sequence[Event], wishes: Wishes, zone: ZoneInfo, now: float
) -> Replayed | None:
    """The card that follows from all grades and events of a kata, by time; it takes a while, and no database."""
    card = replay(_moments(grades, events, now), wishes.retention)
    if card is None:
        return None
    state: dict[str, Any] = {
        **card.to_dict(),
        "graded": len(grades),
        "retention": wishes.retention,
        "easy": list(wishes.easy),
        "wake": grades[-1][0] + SITTING if grades and grades[-1][0] + SITTING > now else 0,
    }
    return Replayed(
        due=start_of(_comes_up(card, kata, wishes, zone, now), zone),  # from the morning of that day on
        version=sum(passed for _, passed in grades) + sum(event.kind in (Did.QUIZ, Did.REVIEW) for event in events),
        state=state,
    )


def put(session: Session, person: Person, kata: str, found: Replayed | None) -> Card | None:
    """Stores a card; removes it where there is none any more."""
    row = session.get(Card, (person.holder, kata))
    if found is None:
        if row is not None:
            session.delete(row)
        return None
    if row is None:
        row = Card(holder=person.holder, kata=kata)
        session.add(row)
    row.due, row.version, row.state = found.due, found.version, found.state
    session.flush()
    return row


def _comes_up(card: fsrs.Card, kata: str, wishes: Wishes, zone: ZoneInfo, now: float) -> date:
    last = day(card.last_review.timestamp() if card.last_review is not None else now, zone)
    earliest = max(last + timedelta(days=1), day(now, zone))
    return spared(day(card.due.timestamp(), zone), kata, wishes.easy, earliest)


def _moments(grades: list[Grade], events: Sequence[Event], now: float) -> list[Moment]:
    undone = {event.payload["undoes"] for event in events if event.kind == Did.REVIEW and "undoes" in event.payload}
    helped = [(event.at, event.kind) for event in events if event.kind in (Did.HINT, Did.ANSWER)]
    sheets = [(event.at, _share(event)) for event in events if event.kind == Did.QUIZ]
    moments = code_moments(grades, helped, now) + quiz_moments(sheets)
    for event in events:
        if event.kind == Did.REVIEW and event.form_key not in undone and event.payload.get("rating") in RATINGS:
            moments.append(Moment(event.at, RATINGS[event.payload["rating"]]))
    return moments


def _share(event: Event) -> float:
    total = event.payload.get("total") or 0
    return event.payload.get("right", 0) / total if total else 0.0


def _grades(session: Session, person: Person, kata: str) -> list[Grade]:
    return grades(session, person, (kata,)).get(kata, [])


def grades(session: Session, person: Person, katas: Collection[str] | None = None) -> dict[str, list[Grade]]:
    """Kata -> its grades, by time; of all katas, or of those named."""
    rows = select(Submission.kata, Submission.created, Submission.verdict).where(*_counts(person))
    if katas is not None:
        rows = rows.where(Submission.kata.in_(katas))
    found: dict[str, list[Grade]] = {}
    for kata, at, verdict in session.execute(rows.order_by(Submission.created, Submission.id)):
        found.setdefault(kata, []).append((at, verdict == "passed"))
    return found


def _counts(person: Person) -> tuple[Any, ...]:
    return (
        Submission.holder == person.holder,
        Submission.kind == Kind.GRADE,
        Submission.state == State.DONE,
    )


def _stale(session: Session, person: Person, wishes: Wishes, now: float) -> list[str]:
    passed = func.sum(Submission.verdict == "passed")
    graded = session.execute(
        select(Submission.kata, func.count(), passed).where(*_counts(person)).group_by(Submission.kata)
    ).all()
    cards = {row.kata: row.state for row in session.scalars(select(Card).where(Card.holder == person.holder))}
    stale = [name for name, state in cards.items() if _outdated(state, wishes, now)]
    for kata, count, solved in graded:
        state = cards.get(kata)
        if (solved if state is None else state.get("graded") != count) and kata not in stale:
            stale.append(kata)
    return stale


def _outdated(state: Mapping[str, Any], wishes: Wishes, now: float) -> bool:
    wished = (state.get("retention"), tuple(state.get("easy", ())))
    return wished != (wishes.retention, wishes.easy) or 0 < state.get("wake", 0) <= now


# -- the queue -------------------------------------------------------------------------------------------------------


def queue(
    session: Session, person: Person, wishes: Wishes, zone: ZoneInfo, now: float, known: set[str], first: str = ""
) -> Queue:
    """What is due today, `first` and then the most forgotten first; `known` are the katas of the bank."""
    rows = [row for row in session.scalars(select(Card).where(Card.holder == person.holder)) if row.kata in known]
    end = next_day(now, zone)
    due = [_entry(row, wishes, zone, now) for row in rows if row.due < end]
    due.sort(key=lambda entry: (entry.kata != first, entry.retrievability, entry.kata))
    done = reviews_on(session, person, zone, now)
    later = [row.due for row in rows if row.due >= end]
    return Queue(due[: max(wishes.a_day - done, 0)], len(due), done, wishes, min(later, default=None), len(rows))


def forecast(
    session: Session, person: Person, zone: ZoneInfo, now: float, known: set[str], days: int = FORECAST_DAYS
) -> list[tuple[date, int]]:
    """How many cards come up on each of the next days, today with all that is overdue; as the cards stand now."""
    today = day(now, zone)
    counts = {today + timedelta(days=n): 0 for n in range(days)}
    for kata, due in session.execute(select(Card.kata, Card.due).where(Card.holder == person.holder)):
        when = max(day(due, zone), today)
        if kata in known and when in counts:
            counts[when] += 1
    return list(counts.items())


def reviews_on(session: Session, person: Person, zone: ZoneInfo, now: float) -> int:
    """How many cards were answered today and not taken back."""
    start = start_of(day(now, zone), zone)
    events = session.scalars(
        select(Event).where(Event.holder == person.holder, Event.kind == Did.REVIEW, Event.at >= start)
    ).all()
    undone = {event.payload.get("undoes") for event in events}
    return sum("undoes" not in event.payload and event.form_key not in undone for event in events)


def _entry(row: Card, wishes: Wishes, zone: ZoneInfo, now: float) -> Entry:
    card, when, scheduler = (
        fsrs.Card.from_dict(_fsrs(row)),
        datetime.fromtimestamp(now, UTC),
        _scheduler(wishes.retention),
    )
    then = {name: scheduler.review_card(card, rating, when)[0] for name, rating in RATINGS.items()}
    today = day(now, zone)
    after = {name: (_comes_up(moved, row.kata, wishes, zone, now) - today).days for name, moved in then.items()}
    last = card.last_review.timestamp() if card.last_review is not None else now
    return Entry(row.kata, row.due, row.version, scheduler.get_card_retrievability(card, when), last, after)


def _fsrs(row: Card) -> Any:
    return row.state  # what we keep beside fsrs' own fields does not disturb it


# -- answers ---------------------------------------------------------------------------------------------------------


def answer(
    db: Database,
    person: Person,
    kata: str,
    rating: str,
    version: int,
    wishes: Wishes,
    zone: ZoneInfo,
    now: float,
    form_key: str | None = None,
) -> Answered:
    """Records an answer and moves the card. An answer to a card that has moved on since is never lost: it counts as one
    more review, and `stale` says so. Raises BadRating, NotFound."""
    if rating not in RATINGS:
        raise BadRating(rating=rating)
    with db.writing() as session:
        row = session.get(Card, (person.holder, kata))
        if row is None:
            raise NotFound(what="card")
        stale = row.version != version
        event, new = record(
            session,
            person,
            Did.REVIEW,
            now,
            kata=kata,
            payload={"rating": rating, "base": version, "stale": stale},
            form_key=form_key,
            says=("rating",),
        )
        moved = rebuild(session, person, kata, wishes, zone, now) or row
        said, key = event.payload.get("rating", rating), event.form_key or ""
        return Answered(kata, said, moved.version, moved.due, key, bool(event.payload.get("stale")), not new)


def last_answer(session: Session, person: Person) -> Event | None:
    """The last answer that was not taken back."""
    undone: set[str] = set()
    events = select(Event).where(Event.holder == person.holder, Event.kind == Did.REVIEW)
    for event in session.scalars(events.order_by(Event.at.desc(), Event.id.desc()).limit(50)):
        if "undoes" in event.payload:
            undone.add(event.payload["undoes"])
        elif event.form_key not in undone:
            return event
    return None


def undo(db: Database, person: Person, form_key: str, wishes: Wishes, zone: ZoneInfo, now: float) -> str:
    """Takes back the answer that was given with `form_key`; returns its kata. Twice is once. Raises NotFound."""
    with db.writing() as session:
        event = session.scalar(
            select(Event).where(Event.holder == person.holder, Event.kind == Did.REVIEW, Event.form_key == form_key)
        )
        if event is None or event.kata is None or "undoes" in event.payload:
            raise NotFound(what="review")
        record(
            session,
            person,
            Did.REVIEW,
            now,
            kata=event.kata,
            payload={"undoes": form_key},
            form_key=f"undo:{form_key}",
        )
        rebuild(session, person, event.kata, wishes, zone, now)
        return event.kata


def forget_all(session: Session, person: Person) -> None:
    """Removes every card; they can be replayed from what happened."""
    session.execute(delete(Card).where(Card.holder == person.holder))
