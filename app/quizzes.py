"""Judges an answer sheet of a quiz. Passed means every answer is right, as a grade is passed when every case is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app import review
from app.db import Database
from app.events import Did, bounded, happened, new_key, record
from app.models import Event
from app.people import Person
from app.refusals import Refused
from katas.arithmetic import NotANumber, typed
from katas.bank import Kata
from katas.quiz import Choice, Question, Quiz, Slip, read_quiz

LONGEST_ANSWER = 100  # characters of a typed number that are kept

Sheet = Mapping[str, Sequence[str]]  # question -> what was ticked (places in the author's order) or typed


class EmptySheet(Refused):
    """Nothing was answered."""

    status = 422
    key = "quiz_empty"


class Mark(StrEnum):
    """What an answer is."""

    RIGHT = "right"
    WRONG = "wrong"
    OPEN = "open"  # not answered
    UNREADABLE = "unreadable"  # no number


@dataclass(frozen=True)
class Ticked:
    """A choice, and what the learner did with it."""

    place: int  # in the author's order; what a form sends
    choice: Choice
    ticked: bool

    @property
    def fits(self) -> bool:
        """Whether it was rightly ticked, or rightly left."""
        return self.ticked == self.choice.right


@dataclass(frozen=True)
class Marked:
    """One question with its answer."""

    question: Question
    mark: Mark
    choices: tuple[Ticked, ...] = ()  # as shown
    text: str = ""  # typed
    number: float | None = None  # read from it
    slip: Slip | None = None  # the known wrong number that it is


@dataclass(frozen=True)
class Result:
    """A judged sheet."""

    marked: tuple[Marked, ...]

    @property
    def right(self) -> int:
        """How many answers are right."""
        return sum(one.mark is Mark.RIGHT for one in self.marked)

    @property
    def total(self) -> int:
        """How many questions there are."""
        return len(self.marked)

    @property
    def passed(self) -> bool:
        """Whether all are."""
        return self.right == self.total


def judge(quiz: Quiz, sheet: Sheet, order: str = "") -> Result:
    """Marks every question of the quiz; what the sheet holds beside them is ignored."""
    return Result(tuple(_marked(question, sheet.get(question.id, ()), order) for question in quiz.questions))


def submit(
    db: Database,
    person: Person,
    kata: Kata,
    quiz: Quiz,
    sheet: Sheet,
    wishes: review.Wishes,
    zone: ZoneInfo,
    now: float,
    form_key: str,
) -> Event:
    """Judges a sheet and records it; the kata's card moves with it. The same answers with the same `form_key` are one sheet.

    Raises EmptySheet.
    """
    result = judge(quiz, sheet)
    if all(one.mark is Mark.OPEN for one in result.marked):
        raise EmptySheet
    payload = {
        "answers": {one.question.id: _kept(one) for one in result.marked if one.mark is not Mark.OPEN},
        "right": result.right,
        "total": result.total,
        "passed": result.passed,
        "quiz": digest(kata),
        "order": bounded(form_key),  # of the choices, as they were shown
    }
    with db.writing() as session:
        event, new = record(
            session, person, Did.QUIZ, now, kata=kata.id, payload=payload, form_key=form_key, says=("answers", "quiz")
        )
        if new:
            review.rebuild(session, person, kata.id, wishes, zone, now)
    return event


@dataclass(frozen=True)
class Blank:
    """A sheet to fill in."""

    form_key: str
    digest: str  # of the questions: a sheet of other questions cannot be judged
    questions: tuple[tuple[Question, list[tuple[int, Choice]]], ...]  # with the choices as they are shown
    trouble: str = ""  # why the sheet before was not taken: changed, empty, unkept
    given: Sheet = field(default_factory=dict)  # what is ticked and typed already


def blank(kata: Kata, trouble: str = "", *, key: str = "", given: Sheet | None = None) -> Blank:
    """A new sheet, its choices in an order of its own; or that of `key` once more, with its answers. Raises KataError."""
    key = key or new_key()
    questions = tuple((question, question.shuffled(key)) for question in read_quiz(kata).questions)
    return Blank(key, digest(kata), questions, trouble, given or {})


def digest(kata: Kata) -> str:
    """Of the quiz alone: a recorded sheet can be shown again as long as the questions are the same."""
    return hashlib.sha256(kata.quiz_source.encode()).hexdigest()


def sheets(session: Session, person: Person, kata: Kata) -> list[Event]:
    """The person's sheets of this kata, the oldest first."""
    return happened(session, person, (Did.QUIZ,), kata=kata.id)


def reread(quiz: Quiz, kata: Kata, event: Event) -> Result | None:
    """A recorded sheet judged again, for its page; None when the quiz has been changed since, so that places may differ."""
    if event.payload.get("quiz") != digest(kata):
        return None
    return judge(quiz, event.payload.get("answers", {}), event.payload.get("order") or event.form_key or "")


def public(quiz: Quiz, order: str, lang: str) -> list[dict[str, Any]]:
    """The questions without what is right, for /api."""
    return [
        {
            "id": question.id,
            "kind": question.kind,
            "text": question.text[lang],
            "choices": [{"place": place, "text": choice.text[lang]} for place, choice in question.shuffled(order)],
            "unit": question.number.unit.get(lang, "") if question.number else "",
        }
        for question in quiz.questions
    ]


def _marked(question: Question, given: Sequence[str], order: str) -> Marked:
    if question.number is not None:
        return _marked_number(question, given[0] if given else "")
    ticked = {int(text) for text in given if text.isascii() and text.isdigit() and len(text) < 4}
    ticked &= set(range(len(question.choices)))
    if not ticked:
        mark = Mark.OPEN
    else:
        mark = Mark.RIGHT if ticked == question.right else Mark.WRONG
    shown = tuple(Ticked(place, choice, place in ticked) for place, choice in question.shuffled(order))
    return Marked(question, mark, shown)


def _marked_number(question: Question, text: str) -> Marked:
    assert question.number is not None
    text = "".join(c for c in text[:LONGEST_ANSWER] if c.isprintable()).strip()  # it is shown again
    if not text:
        return Marked(question, Mark.OPEN)
    try:
        number = typed(_without_unit(text, question))
    except NotANumber:
        return Marked(question, Mark.UNREADABLE, text=text)
    if question.number.meets(number):
        return Marked(question, Mark.RIGHT, text=text, number=number)
    return Marked(question, Mark.WRONG, text=text, number=number, slip=question.number.slip(number))


def _without_unit(text: str, question: Question) -> str:
    """People write the unit behind the number, and mean the number."""
    assert question.number is not None
    for unit in question.number.unit.values():
        text = text.removesuffix(unit)
    return text


def _kept(one: Marked) -> list[str]:
    return [one.text] if one.question.number is not None else [str(t.place) for t in one.choices if t.ticked]
