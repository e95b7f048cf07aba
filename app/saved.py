"""The file that an export is: its format as types, and how it is read. Everything is looked at before anything is kept.

Version 2 added fields only, each with a default, so that a file of version 1 is read by the same types.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    FailFast,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from app import drafts
from app.drafts import Misfit
from app.events import LONGEST_KEY, Did
from app.models import Kind
from app.quizzes import LONGEST_ANSWER
from app.refusals import BadStep, Refused
from graders.verdict import Report, Trial, TrialStatus, Verdict
from katas.quiz import MOST_CHOICES

FORMAT = "torchkata-progress"
SCHEMA_VERSION = 2  # 1 had neither runs, tries, unjudged nor the steps of drafts
MOST_MIB = 32
MOST_ROWS = 100_000
MOST_KATAS = 10_000
MOST_STEPS = 1_000_000
MOST_CHARS = 4 << 20  # of a code or a draft, which an outside bank may allow; of all texts of a report
MOST_MEMBERS = 150_000  # of a report, twice what the grader writes: numbers of pictures, most of all
MOST_OBJECTS = 10_000  # of a report, for each of which a dozen fields may be wrong
LARGEST = 2**31 - 1  # of a version
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
    """Something in the file is wrong: `where`, and `why` in both languages."""

    status = 422
    key = "import_broken"

    def __init__(self, where: str, reason: str, **values: object) -> None:
        why, why_zh = (text.format_map(values) for text in REASONS[reason])
        super().__init__(where=where, why=why, why_zh=why_zh)


# What can be wrong with a file; the first ones are pydantic's names.
REASONS = {
    "missing": ("it is missing", "缺少此项"),
    "extra_forbidden": ("an export has nothing of that name", "导出文件中没有此项"),
    "string_too_long": ("it is longer than {max_length} characters", "超过了 {max_length} 个字符"),
    "string_too_short": ("it is empty", "内容为空"),
    "string_unicode": ("it is no text", "不是有效的文本"),
    "too_long": ("there are more than {max_length}", "超过了 {max_length} 项"),
    "greater_than_equal": ("it is less than {ge}", "小于 {ge}"),
    "less_than_equal": ("it is more than {le}", "大于 {le}"),
    "more_right": ("more is right than there is", "答对的题数多于总题数"),
    "not_passed": ("passed is when every answer is right", "全部答对才算通过"),
    "no_score": ("a score lies between 0 and 100", "分数应在 0 到 100 之间"),
    "future": ("it lies in the future", "时间在未来"),
    "no_step": ("it is no step of a draft", "不是有效的草稿步骤"),
    "misfit": ("the step does not fit the text before it", "这一步与之前的文本对不上"),
    "too_much": ("too much to carry out", "步骤过多，无法重放"),
    "another_text": ("the steps lead to another text", "按步骤得到的文本与此不同"),
    "other": ("it is not what an export has there", "与导出格式不符"),
}


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _known(cls, value: object) -> object:
        # Stops at the first: of a million names that nobody knows, pydantic would list every one.
        if isinstance(value, dict) and not value.keys() <= cls.model_fields.keys():
            strange = next(name for name in value if name not in cls.model_fields)
            raise PydanticCustomError("extra_forbidden", "unknown", {"name": strange})
        return value


def _at_most(most: int) -> BeforeValidator:
    """Counts before anything is looked at: pydantic looks at every member of an object that has too many."""

    def count(value: object) -> object:
        if isinstance(value, dict) and len(value) > most:
            raise PydanticCustomError("too_long", "too many", {"max_length": most})
        return value

    return BeforeValidator(count)


def _modest(value: object) -> object:
    """Counts what a report holds, for the same reason."""
    members = objects = chars = 0
    waiting = [value]
    while waiting:
        one = waiting.pop()
        objects += isinstance(one, dict)
        inside = list(one.values()) if isinstance(one, dict) else one if isinstance(one, list) else []
        members += len(inside)
        chars += sum(len(part) for part in inside if isinstance(part, str))
        for count, most in ((members, MOST_MEMBERS), (objects, MOST_OBJECTS), (chars, MOST_CHARS)):
            if count > most:
                raise PydanticCustomError("too_long", "too many", {"max_length": most})
        waiting += [part for part in inside if isinstance(part, dict | list)]
    return value


def _scored(report: Report) -> Report:
    for part in report.score.model_dump().values() if report.score else ():
        if part is not None and not 0 <= part <= 100:
            raise PydanticCustomError("no_score", "score")
    return report


Moment = Annotated[float, Field(ge=0, allow_inf_nan=False)]
KataId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Code = Annotated[str, Field(max_length=MOST_CHARS)]
Snippet = Annotated[str, Field(max_length=1 << 18)]
SavedReport = Annotated[Report, Field(strict=False), BeforeValidator(_modest), AfterValidator(_scored)]
SavedTrial = Annotated[Trial, Field(strict=False), BeforeValidator(_modest)]
REPORTS: dict[str, TypeAdapter[Report] | TypeAdapter[Trial]] = {
    Kind.GRADE: TypeAdapter(SavedReport),
    Kind.RUN: TypeAdapter(SavedReport),
    Kind.TRY: TypeAdapter(SavedTrial),
}


class Sent(_Row):
    """One submission; the fields of all four kinds are columns of the table."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    kata: KataId
    code: Code
    created: Moment
    finished: Moment


class SavedSubmission(Sent):
    """Graded."""

    kind: ClassVar = Kind.GRADE
    verdict: Annotated[Verdict, Field(strict=False)]
    score: Annotated[float, Field(ge=0, le=100)] | None
    report: SavedReport | None


class SavedRun(Sent):
    """Judged on the visible cases."""

    kind: ClassVar = Kind.RUN
    verdict: Annotated[Verdict, Field(strict=False)]
    report: SavedReport | None


class SavedTry(Sent):
    """The learner's own snippet."""

    kind: ClassVar = Kind.TRY
    snippet: Snippet
    verdict: Annotated[TrialStatus, Field(strict=False)]
    report: SavedTrial | None


class SavedUnjudged(Sent):
    """Cancelled, or a fault of ours: the code is kept all the same."""

    kind: Literal["grade", "run", "try"]
    state: Literal["cancelled", "fault"]
    snippet: Snippet | None
    fault: Annotated[str, Field(max_length=1 << 16)] | None
    attempt: Annotated[int, Field(ge=0, le=1000)]


Key = Annotated[str, Field(min_length=1, max_length=LONGEST_KEY)]


class HintOpened(_Row):
    """Of app/events.py, as the classes that follow."""

    n: Annotated[int, Field(ge=1, le=100)]


class AnswerOpened(_Row):
    """Says nothing but that it was."""


Name = Annotated[str, Field(max_length=64)]  # of a question; the digest of a quiz
Answers = Annotated[list[Annotated[str, Field(max_length=LONGEST_ANSWER)]], Field(max_length=MOST_CHOICES), FailFast()]


class QuizAnswered(_Row):
    """A sheet."""

    answers: Annotated[dict[Name, Answers], _at_most(1000)]
    right: Annotated[int, Field(ge=0, le=1000)]
    total: Annotated[int, Field(ge=1, le=1000)]
    passed: bool
    quiz: Name
    order: Annotated[str, Field(max_length=LONGEST_KEY)] = ""

    @model_validator(mode="after")
    def _adds_up(self) -> QuizAnswered:
        if self.right > self.total:
            raise PydanticCustomError("more_right", "more")
        if self.passed != (self.right == self.total):
            raise PydanticCustomError("not_passed", "passed")
        return self


class CardAnswered(_Row):
    """An answer to a card."""

    rating: Literal["again", "hard", "good", "easy"]
    base: Annotated[int, Field(ge=0, le=LARGEST)]
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


def _numbers_and_lines(value: list[Any]) -> list[Any]:
    """As the type says it, but stops at the first; app/drafts.py looks at what they mean."""
    for part in value:
        if type(part) is not int and not (isinstance(part, list) and all(type(word) in (int, str) for word in part)):
            raise PydanticCustomError("no_step", "step")
    return value


Changes = Annotated[list[Any], AfterValidator(_numbers_and_lines)]


class SavedStep(_Row):
    """One step of typing, of app/drafts.py. The first one has the text, and changes too where they led from the starter
    to it; each that follows has one of the two. Its version is its place, its digest that of the text it leads to."""

    kind: Literal["edit", "paste", "reset", "restore", "theirs"]
    device: Annotated[str, Field(min_length=1, max_length=40)]
    at: Moment
    typed_at: Annotated[float, Field(ge=-1e12, le=1e12)] | None = None  # a browser's clock, whatever it says
    changes: Changes | None = None
    text: Code | None = None


class SavedDraft(_Row):
    """The text that somebody was writing, and how it came about."""

    kata: KataId
    text: Code
    at: Moment
    steps: Annotated[
        list[SavedStep], Field(max_length=MOST_STEPS), FailFast()
    ] = []  # none where there was no room for them


class Saved(_Row):
    """The whole file."""

    format: Literal["torchkata-progress"]
    schema_version: Literal[1, 2]
    exported: Name
    submissions: Annotated[list[SavedSubmission], Field(max_length=MOST_ROWS), FailFast()]
    runs: Annotated[list[SavedRun], Field(max_length=MOST_ROWS), FailFast()] = []
    tries: Annotated[list[SavedTry], Field(max_length=MOST_ROWS), FailFast()] = []
    unjudged: Annotated[list[SavedUnjudged], Field(max_length=MOST_ROWS), FailFast()] = []
    events: Annotated[list[SavedEvent], Field(max_length=MOST_ROWS), FailFast()]
    drafts: Annotated[list[SavedDraft], Field(max_length=MOST_KATAS), FailFast()]
    preferences: Annotated[dict[Name, bool | int | float | Annotated[str, Field(max_length=1000)]], _at_most(100)]
    left_out: Annotated[dict[Name, Annotated[int, Field(ge=0)]], _at_most(100)] = {}  # there was no room for it
    too_large: bool = False  # for an import of the version that exported

    @property
    def sent(self) -> list[SavedSubmission | SavedRun | SavedTry | SavedUnjudged]:
        """Submissions of all kinds."""
        return [*self.submissions, *self.runs, *self.tries, *self.unjudged]


def parse(content: bytes, now: float) -> Saved:
    """Looks at everything before anything is written. Raises ImportTooLarge, NotAnExport, NewerExport, BadExport."""
    if len(content) > MOST_MIB << 20:
        raise ImportTooLarge(limit=MOST_MIB)
    try:
        raw = loads(content)
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
        raise _first(error) from None
    for where, at in _times(saved):
        if at > now + CLOCK_SLACK:
            raise BadExport(where, "future")
    if len({one.kata for one in (*saved.sent, *saved.events)}) > MOST_KATAS:
        raise BadExport("kata", "too_long", max_length=MOST_KATAS)
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
                if left < 0 or len(text) > MOST_CHARS:
                    raise BadExport(f"drafts.{n}.steps.{done}", "too_much")
                drafts.digest_of(text)  # half a character has none
                done += 1
        except (BadStep, Misfit, UnicodeEncodeError) as error:
            reason = "misfit" if isinstance(error, Misfit) else "no_step"
            raise BadExport(f"drafts.{n}.steps.{done}", reason) from None
        if text != draft.text:
            raise BadExport(f"drafts.{n}.text", "another_text")


def _first(error: ValidationError) -> BadExport:
    """The first finding: its place, whose names may be anything and as long as the file, and the reason."""
    first = error.errors(include_url=False, include_input=False)[0]
    values = first.get("ctx", {})
    parts = [*first["loc"], *([values["name"]] if "name" in values else [])]
    where = ".".join("".join(c if c.isprintable() else "?" for c in str(part)[:LONGEST_KEY]) for part in parts[:12])
    return BadExport(where or "-", first["type"] if first["type"] in REASONS else "other", **values)


def loads(text: str | bytes) -> object:
    """JSON as RFC 8259 has it. Raises ValueError, RecursionError."""
    return json.loads(text, parse_constant=_refuse)


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
