"""How far somebody has come: per kata, per track and level, and day by day. Counted from what happened, stored nowhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, case, func, select
from sqlalchemy.orm import Session

from app.events import Did, happened
from app.localtime import day
from app.models import Event, Kind, State, Submission
from app.people import Person
from katas.bank import Kata

WEEKS = 18  # in the calendar: what fits on a phone
BUSY = (3, 6)  # from so many on a day counts as busier, and as very busy


class Status(StrEnum):
    """Where somebody stands with a kata."""

    NEW = "new"
    ATTEMPTED = "attempted"
    GIVEN_UP = "given_up"  # opened the answer first; solving it later makes it solved
    SOLVED = "solved"


@dataclass(frozen=True)
class Standing:
    """What somebody did with one kata."""

    kata: str
    status: Status = Status.NEW
    tries: int = 0  # grades that ended in a verdict, or sheets of a quiz
    best: float | None = None  # 0 to 100
    last: float | None = None  # when it was last worked on
    solved_at: float | None = None  # the first time
    hints: int = 0  # opened
    answer_opened: bool = False

    @property
    def answer_readable(self) -> bool:
        """Whether answer, analysis, pitfalls and follow-ups are shown."""
        return self.answer_opened or self.status is Status.SOLVED


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    solved: int
    attempted: int  # or given up, and not solved
    total: int


@dataclass(frozen=True)
class Day:
    """One day of the calendar."""

    date: date
    count: int
    ahead: bool = False  # has not come yet

    @property
    def busy(self) -> int:
        """0 nothing, 1 something, 2 more, 3 much."""
        return 0 if not self.count else 1 + sum(self.count >= least for least in BUSY)


@dataclass(frozen=True)
class Practice:
    """Somebody's days."""

    counts: dict[date, int]  # day -> grades, quizzes and reviews
    today: date
    streak: int  # days in a row up to today; up to yesterday while today is still empty
    longest: int

    @property
    def done_today(self) -> bool:
        """Whether the streak has today in it."""
        return self.counts.get(self.today, 0) > 0

    def calendar(self, weeks: int = WEEKS) -> list[list[Day]]:
        """Weeks from Monday to Sunday, the last one with today in it."""
        monday = self.today - timedelta(days=self.today.weekday())
        first = monday - timedelta(weeks=weeks - 1)
        days = (first + timedelta(days=n) for n in range(7 * weeks))
        flat = [Day(when, self.counts.get(when, 0), ahead=when > self.today) for when in days]
        return [flat[n : n + 7] for n in range(0, len(flat), 7)]


def standings(session: Session, person: Person, *, kata: str | None = None) -> dict[str, Standing]:
    """Kata -> where the person stands, for every kata that he touched; `kata` asks for one only."""
    found: dict[str, Standing] = {}
    for row in _graded(session, person, kata):
        found[row.kata] = Standing(
            row.kata,
            Status.SOLVED if row.solved_at is not None else Status.ATTEMPTED,
            tries=row.tries,
            best=row.best,
            last=row.last,
            solved_at=row.solved_at,
        )
    events: dict[str, list[Event]] = {}
    for event in happened(session, person, (Did.HINT, Did.ANSWER, Did.QUIZ), kata=kata):
        if event.kata is not None:
            events.setdefault(event.kata, []).append(event)
    for name, some in events.items():
        found[name] = _with_events(found.get(name, Standing(name)), some)
    return found


def standing(session: Session, person: Person, kata: str) -> Standing:
    """Where the person stands with one kata."""
    return standings(session, person, kata=kata).get(kata, Standing(kata))


def shares(katas: Iterable[Kata], found: Mapping[str, Standing]) -> tuple[dict[str, Share], dict[int, Share], Share]:
    """By track, by level, and over all; in the order of the katas."""
    tracks: dict[str, list[Status]] = {}
    levels: dict[int, list[Status]] = {}
    for kata in katas:
        status = found[kata.id].status if kata.id in found else Status.NEW
        tracks.setdefault(kata.track, []).append(status)
        levels.setdefault(kata.level, []).append(status)
    everything = [status for some in levels.values() for status in some]
    return (
        {track: _share(some) for track, some in tracks.items()},
        {level: _share(levels[level]) for level in sorted(levels)},
        _share(everything),
    )


def next_up(katas: Iterable[Kata], found: Mapping[str, Standing]) -> Kata | None:
    """What to do next: what was begun last and is not solved, else the easiest whose prerequisites are solved."""
    katas = list(katas)
    here = {kata.id: kata for kata in katas}
    begun = [s for s in found.values() if s.kata in here and s.status in (Status.ATTEMPTED, Status.GIVEN_UP)]
    if begun:
        return here[max(begun, key=lambda s: s.last or 0.0).kata]
    solved = {name for name, s in found.items() if s.status is Status.SOLVED}
    open_katas = [kata for kata in katas if kata.id not in solved]
    return min(
        open_katas,
        key=lambda kata: (len(set(kata.prerequisites) & here.keys() - solved), kata.level, kata.id),
        default=None,
    )


def practice(session: Session, person: Person, zone: ZoneInfo, now: float) -> Practice:
    """Day by day, in the person's zone."""
    times = session.scalars(
        select(Submission.created).where(
            Submission.holder == person.holder, Submission.kind == Kind.GRADE, Submission.state == State.DONE
        )
    ).all()
    events = session.execute(
        select(Event.at, Event.form_key, Event.payload).where(
            Event.holder == person.holder, Event.kind.in_((Did.QUIZ, Did.REVIEW))
        )
    ).all()
    undone = {payload["undoes"] for _, _, payload in events if "undoes" in payload}
    done = [at for at, key, payload in events if "undoes" not in payload and key not in undone]
    return practice_of([*times, *done], zone, now)


def practice_of(times: Iterable[float], zone: ZoneInfo, now: float) -> Practice:
    """The same, from moments alone."""
    counts = Counter(day(at, zone) for at in times)
    today = day(now, zone)
    current = _run_back(counts, today if counts.get(today) else today - timedelta(days=1))
    ends = [when for when in counts if when + timedelta(days=1) not in counts]
    return Practice(dict(counts), today, current, max((_run_back(counts, end) for end in ends), default=0))


def _run_back(days: Mapping[date, int], last: date) -> int:
    length = 0
    while last in days:
        length, last = length + 1, last - timedelta(days=1)
    return length


@dataclass(frozen=True)
class _Row:
    kata: str
    tries: int
    best: float | None
    last: float
    solved_at: float | None


# Put together once: every page of a kata asks this.
_GRADED = (
    select(
        Submission.kata,
        func.count().label("tries"),
        func.max(Submission.score).label("best"),
        func.max(Submission.created).label("last"),
        func.min(case((Submission.verdict == "passed", Submission.finished))).label("solved_at"),
    )
    .where(Submission.holder == bindparam("holder"), Submission.kind == Kind.GRADE, Submission.state == State.DONE)
    .group_by(Submission.kata)
)
_GRADED_ONE = _GRADED.where(Submission.kata == bindparam("kata"))


def _graded(session: Session, person: Person, kata: str | None) -> Iterable[_Row]:
    if kata is None:
        return [_Row(*row) for row in session.execute(_GRADED, {"holder": person.holder})]
    return [_Row(*row) for row in session.execute(_GRADED_ONE, {"holder": person.holder, "kata": kata})]


def _with_events(before: Standing, events: list[Event]) -> Standing:
    quizzes = [event for event in events if event.kind == Did.QUIZ]
    passed = [event.at for event in quizzes if event.payload.get("passed")]
    scores = [_percent(event) for event in quizzes] + ([before.best] if before.best is not None else [])
    solved_at = min([*passed, *([before.solved_at] if before.solved_at is not None else [])], default=None)
    opened = any(event.kind == Did.ANSWER for event in events)
    tries = before.tries + len(quizzes)
    worked = [event.at for event in events] + ([before.last] if before.last is not None else [])
    if solved_at is not None:
        status = Status.SOLVED
    elif opened:
        status = Status.GIVEN_UP
    else:
        status = Status.ATTEMPTED if tries else Status.NEW
    return Standing(
        before.kata,
        status,
        tries,
        max(scores, default=None),
        max(worked),
        solved_at,
        len({event.payload.get("n", event.id) for event in events if event.kind == Did.HINT}),
        opened,
    )


def _percent(event: Event) -> float:
    total = event.payload.get("total") or 0
    return 100.0 * event.payload.get("right", 0) / total if total else 0.0


def _share(statuses: list[Status]) -> Share:
    solved = statuses.count(Status.SOLVED)
    return Share(solved, len(statuses) - solved - statuses.count(Status.NEW), len(statuses))
