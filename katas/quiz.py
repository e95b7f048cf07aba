"""The quiz of a concept kata: questions whose wrong answers each say what is wrong with them. Read from quiz.toml."""

from __future__ import annotations

import difflib
import math
import random
import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from katas.arithmetic import NotANumber, evaluate
from katas.bank import Kata, KataError

FILE = "quiz.toml"
KINDS = ("single", "multiple", "numeric")
LANGUAGES = {"en", "zh"}
FEWEST_CHOICES, MOST_CHOICES = 2, 8
_QUESTION = {"id", "kind", "text", "explanation", "choice", "number"}
_CHOICE = {"text", "right", "reason"}
_NUMBER = {"value", "derivation", "tolerance", "unit", "slip"}
_SLIP = {"value", "derivation", "reason"}
EXACT = 1e-9  # relative: what a float may lose on its way


@dataclass(frozen=True)
class Choice:
    """One answer to tick."""

    text: dict[str, str]
    right: bool
    reason: dict[str, str]  # why it is wrong; for a right one empty, or why it is right after all


@dataclass(frozen=True)
class Slip:
    """A wrong number that people come to, and how."""

    value: float
    derivation: str
    reason: dict[str, str]


@dataclass(frozen=True)
class Number:
    """The right number of a numeric question."""

    value: float
    derivation: str  # a sum that gives the value, for `check` and for the learner
    tolerance: float  # relative; 0 asks for the exact number
    unit: dict[str, str]  # may be empty
    slips: tuple[Slip, ...]

    def meets(self, given: float) -> bool:
        """Whether `given` is right."""
        return near(given, self.value, self.tolerance)

    def slip(self, given: float) -> Slip | None:
        """The known wrong number that `given` is, if it is one."""
        return next((slip for slip in self.slips if near(given, slip.value, self.tolerance)), None)


@dataclass(frozen=True)
class Question:
    """One question: `choices` for single and multiple, `number` for numeric."""

    id: str
    kind: str
    text: dict[str, str]
    explanation: dict[str, str]  # shown to everybody who has answered
    choices: tuple[Choice, ...] = ()
    number: Number | None = None

    @property
    def right(self) -> frozenset[int]:
        """The places of the right choices."""
        return frozenset(n for n, choice in enumerate(self.choices) if choice.right)

    def shuffled(self, order: str) -> list[tuple[int, Choice]]:
        """The choices with their places, in an order that `order` decides and that hides the author's."""
        places = list(enumerate(self.choices))
        random.Random(f"{order}/{self.id}").shuffle(places)
        return places


@dataclass(frozen=True)
class Quiz:
    """All questions of one kata, in the author's order."""

    questions: tuple[Question, ...]


def near(given: float, value: float, tolerance: float) -> bool:
    """Whether two numbers are the same within a relative tolerance."""
    return math.isclose(given, value, rel_tol=max(tolerance, EXACT), abs_tol=EXACT if value == 0 else 0.0)


def written(value: float) -> str:
    """A number as people write it: 1,050,624 or 0.02999."""
    return f"{value:,.0f}" if value == int(value) and abs(value) < 1e15 else f"{value:.4g}"


def read_quiz(kata: Kata) -> Quiz:
    """The quiz of a concept kata. Raises KataError, which names the question."""
    return _quiz(kata.id, kata.quiz_source)


@lru_cache(maxsize=128)
def _quiz(kata: str, source: str) -> Quiz:
    """Kept by its text: a page with a quiz is asked for often."""
    try:
        raw = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise KataError(kata, FILE, f"cannot be read: {error}") from None
    try:
        _known(raw, {"question"}, "the file")
        entries = _tables(raw.get("question"), "there is no [[question]]")
        questions = tuple(_question(entry, n) for n, entry in enumerate(entries, 1))
        ids = [question.id for question in questions]
        for name in ids:
            if ids.count(name) > 1:
                raise _Wrong(f"question `{name}` is there twice")
    except _Wrong as error:
        raise KataError(kata, FILE, str(error)) from None
    return Quiz(questions)


class _Wrong(Exception):
    """What is wrong, in one sentence."""


def _question(raw: dict[str, Any], n: int) -> Question:
    name = raw.get("id")
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name):
        raise _Wrong(f"question {n} needs an `id` of lower-case letters, digits and _, not {name!r}")
    where = f"question `{name}`"
    _known(raw, _QUESTION, where)
    kind = raw.get("kind")
    if kind not in KINDS:
        raise _Wrong(f"{where}: kind must be one of {', '.join(KINDS)}, not {kind!r}")
    text = _both(raw.get("text"), f"{where}: text")
    explanation = _both(raw.get("explanation"), f"{where}: explanation")
    if kind == "numeric":
        if "choice" in raw:
            raise _Wrong(f"{where}: a numeric question has a [question.number] and no choices")
        return Question(name, kind, text, explanation, number=_number(raw.get("number"), where))
    if "number" in raw:
        raise _Wrong(f"{where}: only a numeric question has a [question.number]")
    return Question(name, kind, text, explanation, choices=_choices(raw.get("choice"), where, kind))


def _choices(raw: object, where: str, kind: str) -> tuple[Choice, ...]:
    entries = _tables(raw, f"{where}: there is no [[question.choice]]")
    if not FEWEST_CHOICES <= len(entries) <= MOST_CHOICES:
        raise _Wrong(f"{where}: has {len(entries)} choices, and needs {FEWEST_CHOICES} to {MOST_CHOICES}")
    choices = tuple(_choice(entry, f"{where}, choice {n}") for n, entry in enumerate(entries, 1))
    for lang in sorted(LANGUAGES):
        texts = [choice.text[lang] for choice in choices]
        if len(set(texts)) < len(texts):
            raise _Wrong(f"{where}: two choices say the same in {lang}")
    right = sum(choice.right for choice in choices)
    if kind == "single" and right != 1:
        raise _Wrong(f"{where}: a single choice needs exactly one right choice, not {right}")
    if not 0 < right < len(choices):
        raise _Wrong(f"{where}: needs a right and a wrong choice at least")
    return choices


def _choice(raw: dict[str, Any], where: str) -> Choice:
    _known(raw, _CHOICE, where)
    right = raw.get("right", False)
    if not isinstance(right, bool):
        raise _Wrong(f"{where}: right must be true or false, not {right!r}")
    text = _both(raw.get("text"), f"{where}: text")
    if right and "reason" not in raw:
        return Choice(text, right, {})
    return Choice(text, right, _both(raw.get("reason"), f"{where}: reason"))


def _number(raw: object, where: str) -> Number:
    if not isinstance(raw, dict):
        raise _Wrong(f"{where}: a numeric question needs a [question.number]")
    _known(raw, _NUMBER, f"{where}, number")
    tolerance = raw.get("tolerance", 0)
    if not _is_number(tolerance) or not 0 <= tolerance < 1:
        raise _Wrong(f"{where}: tolerance is relative, from 0 (exact) to below 1, not {tolerance!r}")
    value, derivation = _derived(raw, where)
    slips: list[Slip] = []
    for n, entry in enumerate(_tables(raw.get("slip", []), ""), 1):
        there = f"{where}, slip {n}"
        _known(entry, _SLIP, there)
        slip = Slip(*_derived(entry, there), _both(entry.get("reason"), f"{there}: reason"))
        if near(slip.value, value, tolerance):
            raise _Wrong(f"{there}: {slip.value:g} is right within the tolerance")
        if any(near(slip.value, other.value, tolerance) for other in slips):
            raise _Wrong(f"{there}: another slip has the value {slip.value:g} within the tolerance")
        slips.append(slip)
    unit = _both(raw["unit"], f"{where}: unit") if "unit" in raw else {}
    return Number(value, derivation, float(tolerance), unit, tuple(slips))


def _derived(raw: dict[str, Any], where: str) -> tuple[float, str]:
    """A value and the sum that leads to it; both are asked for, so that a slip of the author's shows."""
    value, derivation = raw.get("value"), raw.get("derivation")
    if not isinstance(value, int | float) or not _is_number(value):
        raise _Wrong(f"{where}: value must be a number, not {value!r}")
    if not isinstance(derivation, str):
        raise _Wrong(f"{where}: needs a `derivation`, a sum that gives the value")
    try:
        found = evaluate(derivation)
    except NotANumber:
        raise _Wrong(f"{where}: the derivation {derivation!r} is no sum of numbers") from None
    if not near(found, value, 5e-4 if isinstance(value, float) else 0.0):  # a written value is rounded
        raise _Wrong(f"{where}: the value is {value:g}, but {derivation} = {found:g}")
    return found, derivation


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _both(raw: object, where: str) -> dict[str, str]:
    """A text in both languages."""
    if not isinstance(raw, dict) or set(raw) != LANGUAGES:
        raise _Wrong(f"{where} is needed in en and zh, and in nothing else")
    for lang, text in raw.items():
        if not isinstance(text, str) or not text.strip():
            raise _Wrong(f"{where}.{lang} is empty")
    return {lang: text.strip() for lang, text in sorted(raw.items())}


def _tables(raw: object, otherwise: str) -> list[dict[str, Any]]:
    if not isinstance(raw, list) or not all(isinstance(entry, dict) for entry in raw) or (otherwise and not raw):
        raise _Wrong(otherwise or "a list of tables is needed")
    return raw


def _known(raw: dict[str, Any], known: set[str], where: str) -> None:
    for key in raw:
        if key not in known:
            near_by = difflib.get_close_matches(key, sorted(known), n=1)
            raise _Wrong(f"{where}: unknown field `{key}`" + (f"; do you mean `{near_by[0]}`?" if near_by else ""))
