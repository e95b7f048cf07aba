"""Quiz, review and progress as JSON."""

from __future__ import annotations

import time
from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StringConstraints

from app import catalogue, events, progress, quizzes, review
from app.localtime import zone_of
from app.refusals import NotFound, Stale
from app.routes.bodies import LARGEST, SENDS, Given, KataId, Moment, at_most, errors
from app.site import Site, SiteDep
from katas.bank import Kata
from katas.quiz import Quiz, read_quiz

router = APIRouter(prefix="/api", tags=["learning"])

FormKey = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]
Rating = Literal["again", "hard", "good", "easy"]


class QuizChanged(Stale):
    """The questions were changed since they were asked for."""

    key = "stale"


# -- quiz ------------------------------------------------------------------------------------------------------------


class QuizChoice(BaseModel):
    """An answer to tick."""

    place: int = Field(description="What an answer names it by.")
    text: str


class QuizQuestion(BaseModel):
    """A question, without what is right."""

    id: str
    kind: Literal["single", "multiple", "numeric"]
    text: str = Field(description="Markdown, formulas between dollar signs.")
    choices: list[QuizChoice] = Field(description="Empty for a numeric question.")
    unit: str = Field(description="Of a numeric question; may be empty.")


class QuizSheet(BaseModel):
    """A sheet to fill in."""

    kata: str
    quiz: str = Field(description="SHA-256 of the questions; sent back with the answers.")
    form_key: str = Field(description="Sent back with the answers: the same key twice is one sheet.")
    questions: list[QuizQuestion]


class QuizAnswers(Given):
    """A sheet, filled in."""

    quiz: Annotated[str, StringConstraints(max_length=64)]
    answers: Annotated[
        dict[str, Annotated[list[Annotated[str, StringConstraints(max_length=200)]], Field(max_length=8)]],
        at_most(100),
        Field(max_length=100, description="Question to places, or to one number as text."),
    ]
    form_key: FormKey | None = None


class QuizMark(BaseModel):
    """What became of an answer."""

    id: str
    mark: quizzes.Mark
    reasons: list[str] = Field(description="What is wrong with the choices that were ticked, or with the number.")
    explanation: str


class QuizResult(BaseModel):
    """A judged sheet."""

    right: int
    total: int
    passed: bool = Field(description="Every answer is right.")
    marks: list[QuizMark]


@router.get("/quizzes/{kata}", summary="The questions of a concept kata", responses=errors(404, 422))
def questions(kata: KataId, request: Request, site: SiteDep) -> QuizSheet:
    """Choices come in another order each time; they are named by `place`."""
    found, quiz = _quiz(site, kata)
    key, lang = events.new_key(), site.lang(request)
    asked = [QuizQuestion.model_validate(row) for row in quizzes.public(quiz, key, lang)]
    return QuizSheet(kata=found.id, quiz=quizzes.digest(found), form_key=key, questions=asked)


@router.post("/quizzes/{kata}", summary="Answer a quiz", responses=errors(404, 409, *SENDS))
def answer_quiz(kata: KataId, given: QuizAnswers, request: Request, site: SiteDep) -> QuizResult:
    """Judges the sheet and remembers it."""
    found, quiz = _quiz(site, kata)
    if given.quiz != quizzes.digest(found):
        raise QuizChanged()
    lang, now = site.lang(request), time.time()
    wishes, zone = _wishes(site, request)
    key = given.form_key or events.new_key()
    event = quizzes.submit(site.db, site.person(request), found, quiz, given.answers, wishes, zone, now, key)
    result = quizzes.judge(quiz, event.payload.get("answers", {}))
    return QuizResult(
        right=result.right, total=result.total, passed=result.passed, marks=[_mark(one, lang) for one in result.marked]
    )


def _mark(one: quizzes.Marked, lang: str) -> QuizMark:
    reasons = [it.choice.reason[lang] for it in one.choices if it.ticked and it.choice.reason]
    if one.slip is not None:
        reasons.append(one.slip.reason[lang])
    return QuizMark(id=one.question.id, mark=one.mark, reasons=reasons, explanation=one.question.explanation[lang])


def _quiz(site: Site, name: str) -> tuple[Kata, Quiz]:
    kata = site.bank.kata(name)
    if kata.kind != "concept":
        raise NotFound(what="quiz")
    return kata, read_quiz(kata)


# -- review ----------------------------------------------------------------------------------------------------------


class DueCard(BaseModel):
    """A kata that is about to be forgotten."""

    kata: str
    version: int = Field(description="Sent back with the answer.")
    due: Moment
    last_review: Moment
    retrievability: float = Field(description="The probability of still knowing it now, 0 to 1.")
    days_after: dict[str, int] = Field(description="Rating to days until it would come up again.")


class ForecastDay(BaseModel):
    """How many cards come up on a day."""

    day: date
    cards: int


class ReviewQueue(BaseModel):
    """What is due today."""

    due: list[DueCard] = Field(description="The most forgotten first; no more than the day's limit leaves.")
    waiting: int = Field(description="All that are due, those beyond the limit too.")
    done_today: int
    a_day: int
    retention: float
    next_due: Moment | None
    forecast: list[ForecastDay] = Field(description="Thirty days from today on, today with what is overdue.")


class ReviewAnswer(Given):
    """How well it was known."""

    rating: Rating
    version: Annotated[int, Field(ge=0, le=LARGEST)]
    form_key: FormKey | None = None


class Reviewed(BaseModel):
    """What became of the answer."""

    kata: str
    rating: Rating
    version: int
    due: Moment
    form_key: str = Field(description="To take the answer back.")
    stale: bool = Field(description="The card had moved on since `version`; the answer counts all the same.")
    repeated: bool = Field(description="The same form_key was sent before; nothing was added.")


class Undo(Given):
    """Which answer to take back."""

    form_key: FormKey


class Undone(BaseModel):
    """Whose answer was taken back."""

    kata: str


@router.get("/review", summary="What is due today", responses=errors())
def due(request: Request, site: SiteDep) -> ReviewQueue:
    """The daily queue, and the days to come. A day is one of the person's time zone."""
    person, now, known = site.person(request), time.time(), {kata.id for kata in site.bank.sound()[0]}
    wishes, zone = _wishes(site, request)
    review.refresh(site.db, person, wishes, zone, now)
    with site.db.reading() as session:
        queue = review.queue(session, person, wishes, zone, now, known)
        days = review.forecast(session, person, zone, now, known)
    return ReviewQueue(
        due=[
            DueCard(
                kata=entry.kata,
                version=entry.version,
                due=entry.due,
                last_review=entry.last_review,
                retrievability=round(entry.retrievability, 4),
                days_after=entry.after,
            )
            for entry in queue.entries
        ],
        waiting=queue.waiting,
        done_today=queue.done_today,
        a_day=wishes.a_day,
        retention=wishes.retention,
        next_due=queue.next_due,
        forecast=[ForecastDay(day=when, cards=count) for when, count in days],
    )


@router.post("/review/{kata}", summary="Answer a card", responses=errors(404, 409, *SENDS))
def answer_card(kata: KataId, given: ReviewAnswer, request: Request, site: SiteDep) -> Reviewed:
    """An answer to a card that has moved on is not lost: it counts as one more review, and `stale` says so."""
    wishes, zone = _wishes(site, request)
    found = site.bank.kata(kata)
    answered = review.answer(
        site.db,
        site.person(request),
        found.id,
        given.rating,
        given.version,
        wishes,
        zone,
        time.time(),
        given.form_key,
    )
    return Reviewed.model_validate(vars(answered))


@router.post("/review/{kata}/undo", summary="Take an answer back", responses=errors(404, *SENDS))
def undo(kata: KataId, given: Undo, request: Request, site: SiteDep) -> Undone:
    """The card is as if the answer had never been given. Twice is once."""
    site.bank.kata(kata)
    wishes, zone = _wishes(site, request)
    return Undone(kata=review.undo(site.db, site.person(request), given.form_key, wishes, zone, time.time()))


# -- progress --------------------------------------------------------------------------------------------------------


class KataProgress(BaseModel):
    """Where somebody stands with a kata."""

    kata: str
    status: progress.Status
    tries: int
    best: float | None = Field(description="0 to 100.")
    last: Moment | None
    solved_at: Moment | None
    hints: int
    answer_opened: bool


class Solved(BaseModel):
    """So many of so many."""

    solved: int
    attempted: int = Field(description="Begun or given up, and not solved.")
    total: int


class ActiveDay(BaseModel):
    """A day on which something was done."""

    day: date
    count: int


class Progress(BaseModel):
    """How far somebody has come."""

    katas: list[KataProgress] = Field(description="Those that were touched.")
    tracks: dict[str, Solved]
    levels: dict[int, Solved]
    whole: Solved
    streak: int = Field(description="Days in a row up to today, or to yesterday while today is empty.")
    longest: int
    days: list[ActiveDay]
    zone: str = Field(description="The time zone that the days are of.")


@router.get("/progress", summary="Progress", responses=errors())
def how_far(request: Request, site: SiteDep) -> Progress:
    """Solved and attempted, by track and level, and day by day."""
    person, now = site.person(request), time.time()
    _, zone = _wishes(site, request)
    with site.db.reading() as session:
        found = progress.standings(session, person)
        days = progress.practice(session, person, zone, now)
    tracks, levels, whole = progress.shares(catalogue.ordered(site.bank.sound()[0]), found)
    return Progress(
        katas=[KataProgress.model_validate(vars(found[name])) for name in sorted(found)],
        tracks={name: Solved(**vars(share)) for name, share in tracks.items()},
        levels={level: Solved(**vars(share)) for level, share in levels.items()},
        whole=Solved(**vars(whole)),
        streak=days.streak,
        longest=days.longest,
        days=[ActiveDay(day=when, count=count) for when, count in sorted(days.counts.items())],
        zone=zone.key,
    )


def _wishes(site: Site, request: Request) -> tuple[review.Wishes, ZoneInfo]:
    prefs = site.reader(request).prefs
    return review.wishes_of(prefs), zone_of(prefs, request.cookies)
