"""The file that an export is: its format as types, and how it is read. Everything is looked at before anything is kept.

Version 2 added fields only, each with a default, so that a file of version 1 is read by the same types.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app import drafts
from app.drafts import Misfit
from app.events import LONGEST_KEY, Did
from app.models import Kind
from app.refusals import BadStep, Refused
from graders.verdict import Report, Trial, TrialStatus, Verdict

FORMAT = "torchkata-progress"
SCHEMA_VERSION = 2  # 1 had neither runs, tries, unjudged nor the steps of drafts
MOST_MIB = 32
MOST_ROWS = 100_000
MOST_STEPS = 1_000_000
MOST_REPLAYED = 1 << 30  # characters: every step is carried out, on a text of so many
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


class Sent(_Row):
    """One submission; the fields of all four kinds are columns of the table."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    kata: KataId
    code: Annotated[str, Field(max_length=1 << 20)]
    created: Moment
    finished: Moment


class SavedSubmission(Sent):
    """Graded."""

    kind: ClassVar = Kind.GRADE
    verdict: Annotated[Verdict, Field(strict=False)]
    score: Annotated[float, Field(ge=0, le=100)] | None
    report: Annotated[Report, Field(strict=False)] | None


class SavedRun(Sent):
    """Judged on the visible cases."""

    kind: ClassVar = Kind.RUN
    verdict: Annotated[Verdict, Field(strict=False)]
    report: Annotated[Report, Field(strict=False)] | None


class SavedTry(Sent):
    """The learner's own snippet."""

    kind: ClassVar = Kind.TRY
    snippet: Annotated[str, Field(max_length=1 << 18)]
    verdict: Annotated[TrialStatus, Field(strict=False)]
    report: Annotated[Trial, Field(strict=False)] | None


class SavedUnjudged(Sent):
    """Cancelled, or a fault of ours: the code is kept all the same."""

    kind: Literal["grade", "run", "try"]
    state: Literal["cancelled", "fault"]
    snippet: Annotated[str, Field(max_length=1 << 18)] | None
    fault: Annotated[str, Field(max_length=1 << 16)] | None
    attempt: Annotated[int, Field(ge=0, le=1000)]


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


class SavedStep(_Row):
    """One step of typing, of app/drafts.py. The first one has the text, and changes too where they led from the starter
    to it; each that follows has one of the two. Its version is its place, its digest that of the text it leads to."""

    kind: Literal["edit", "paste", "reset", "restore", "theirs"]
    device: Annotated[str, Field(min_length=1, max_length=40)]
    at: Moment
    typed_at: Annotated[float, Field(allow_inf_nan=False)] | None = None
    changes: list[int | list[int | str]] | None = None
    text: Annotated[str, Field(max_length=1 << 20)] | None = None


class SavedDraft(_Row):
    """The text that somebody was writing, and how it came about."""

    kata: KataId
    text: Annotated[str, Field(max_length=1 << 20)]
    at: Moment
    steps: Annotated[list[SavedStep], Field(max_length=MOST_STEPS)] = []  # none where there was no room for them


class Saved(_Row):
    """The whole file."""

    format: Literal["torchkata-progress"]
    schema_version: Literal[1, 2]
    exported: str
    submissions: Annotated[list[SavedSubmission], Field(max_length=MOST_ROWS)]
    runs: Annotated[list[SavedRun], Field(max_length=MOST_ROWS)] = []
    tries: Annotated[list[SavedTry], Field(max_length=MOST_ROWS)] = []
    unjudged: Annotated[list[SavedUnjudged], Field(max_length=MOST_ROWS)] = []
    events: Annotated[list[SavedEvent], Field(max_length=MOST_ROWS)]
    drafts: Annotated[list[SavedDraft], Field(max_length=MOST_ROWS)]
    preferences: Annotated[dict[str, bool | int | float | str], Field(max_length=100)]
    left_out: dict[str, int] = {}  # what the export had no room for

    @property
    def sent(self) -> list[SavedSubmission | SavedRun | SavedTry | SavedUnjudged]:
        """Submissions of all kinds."""
        return [*self.submissions, *self.runs, *self.tries, *self.unjudged]


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
    _replay_all(saved.drafts)
    return saved


def replay(draft: SavedDraft) -> Iterator[str]:
    """The text after each step. Raises BadStep or Misfit, as app/drafts.py does."""
    text = ""
    for step in draft.steps:
        text = step.text if step.text is not None else drafts.apply(step.changes, text)
        yield text


def _replay_all(saved: list[SavedDraft]) -> None:
    """Carries out every step and throws the texts away: what is kept must be what was typed, and must not take ages."""
    left = MOST_REPLAYED
    for n, draft in enumerate(saved):
        text, done = draft.text, 0
        try:
            for text in replay(draft):
                left -= len(text) + 100
                if left < 0 or len(text) > 1 << 20:
                    raise BadStep(why="too much to carry out")
                drafts.digest_of(text)  # half a character has none
                done += 1
        except (BadStep, Misfit, UnicodeEncodeError) as error:
            why = error.values["why"] if isinstance(error, BadStep) else "the step does not fit the text before it"
            raise BadExport(where=f"drafts.{n}.steps.{done}", why=why) from None
        if text != draft.text:
            raise BadExport(where=f"drafts.{n}.text", why="the steps lead to another text")


def _refuse(constant: str) -> float:
    raise ValueError(constant)


def _times(saved: Saved) -> Iterator[tuple[str, float]]:
    for name in ("submissions", "runs", "tries", "unjudged"):
        for n, sent in enumerate(getattr(saved, name)):
            yield f"{name}.{n}.created", sent.created
            yield f"{name}.{n}.finished", sent.finished
    for n, event in enumerate(saved.events):
        yield f"events.{n}.at", event.at
    for n, draft in enumerate(saved.drafts):
        yield f"drafts.{n}.at", draft.at
        for k, step in enumerate(draft.steps):
            yield f"drafts.{n}.steps.{k}.at", step.at
