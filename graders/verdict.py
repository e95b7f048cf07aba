"""The words of a judgement: statuses, verdicts and the Report, whose JSON is a public face pinned by a test."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION = 1
GRADER_VERSION = "1"  # rises when the same submission could get another verdict


class Status(StrEnum):
    """How one case ended."""

    PASSED = "passed"
    FAILED = "failed"  # it ran, and what it gave is wrong
    ERROR = "error"  # an exception left the submission
    TIMEOUT = "timeout"
    MEMORY = "memory"
    OUTPUT_LIMIT = "output_limit"
    CRASHED = "crashed"  # a signal, an exit, a broken protocol
    NOT_RUN = "not_run"


class Verdict(StrEnum):
    """What is said of the whole submission."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    OUTPUT_LIMIT = "output_limit"
    CRASHED = "crashed"
    INVALID = "invalid"  # does not parse, no entry, wrong signature
    FORBIDDEN = "forbidden"  # calls what the Task forbids
    FAULT = "fault"  # ours alone; never the learner's


class Record(BaseModel):
    """Frozen, and strict about its fields; numbers that JSON lacks are written as "NaN", "Infinity", "-Infinity"."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class Text(Record):
    """A sentence in both languages."""

    en: str
    zh: str

    def get(self, lang: str) -> str:
        """The sentence in `lang`, English when there is no such language."""
        return self.zh if lang == "zh" else self.en


class Shape(Record):
    """The shape of one argument: `axes` names each length where the kata says so, as in B=2, L=5."""

    name: str
    dims: list[int]
    axes: list[str] = Field(default_factory=list)
    dtype: str = ""


class TensorView(Record):
    """A small window into a tensor: what a person looks at."""

    dtype: str
    shape: list[int]
    start: list[int]  # index of the window's first element
    window: list[int]  # its lengths on the last two axes (or one, or none)
    values: list[float]  # row by row
    minimum: float | None = None  # of the whole tensor, without NaN
    maximum: float | None = None
    nan_count: int = 0
    device: str = "cpu"


class Slice(Record):
    """One slice of a picture, row by row; a map is None where there is none to show."""

    index: list[int]  # on the leading axes, all but the last two
    expected: list[float] | None = None
    actual: list[float] | None = None
    difference: list[float] | None = None  # |expected - actual|; NaN where only one of them is NaN


class Picture(Record):
    """A tensor to look at, slice by slice over its leading axes: numbers of 4 digits, few enough to be drawn.

    A tensor with more cells than can be drawn is cut into blocks, and each drawn cell shows the element of its block that
    differs most (the largest where nothing is compared), so that a single wrong element stays in the picture.
    """

    kind: Literal["difference", "attention"]  # of a compared tensor; of the weights that attention computed on the way
    title: Text
    name: str  # of the tensor: `output`, `gradient of query`, `attention weights`
    axes: list[str]  # a letter a dimension, as B, H, L, S; empty where none is known
    shape: list[int]  # of the whole tensor
    step: list[int]  # rows and columns of a block
    rows: int  # of a slice as it is drawn
    columns: int
    slices: list[Slice]  # those that differ most, in the order of their indices
    slice_count: int  # of the whole tensor
    minimum: float | None = None  # one scale for expected and actual, without NaN and infinity
    maximum: float | None = None
    worst: float | None = None  # the largest finite difference
    nan_expected: int = 0  # in the whole tensor
    nan_actual: int = 0


class CaseResult(Record):
    """One case: what was called, what was expected, what came."""

    name: str
    title: Text
    group: str
    visible: bool
    status: Status
    shapes: list[Shape] = Field(default_factory=list)
    message: Text | None = None
    where: str | None = None  # which result or gradient is meant, as `gradient of q_proj.weight`
    check: str | None = None  # which rule did not hold: value, shape, dtype, relation, ...
    expected: TensorView | None = None
    actual: TensorView | None = None
    first_bad_index: list[int] | None = None
    bad_count: int | None = None
    count: int | None = None
    max_abs_error: float | None = None
    max_rel_error: float | None = None
    tolerance: float | None = None
    traceback: list[str] = Field(default_factory=list)  # `FILE:LINE in NAME: source`, the submission's own lines only
    pictures: list[Picture] = Field(default_factory=list)  # of the first few failed cases
    seconds: float = 0.0


class Diagnosis(Record):
    """A misunderstanding that explains the wrong numbers; `evidence` names the cases that agree."""

    id: str
    title: Text
    text: Text
    evidence: list[str] = Field(default_factory=list)


class PolicyFinding(Record):
    """A forbidden call."""

    rule: str
    line: int
    text: str


class Score(Record):
    """0 to 100 each; None where nothing was measured and its weight was shared out."""

    total: float
    correctness: float | None = None
    shapes: float | None = None
    speed: float | None = None


class Speed(Record):
    """`ratio`: the reference's time over the submission's, 1 is as fast, 2 twice as fast; [low, high] its 95 % interval."""

    ratio: float
    low: float
    high: float
    rounds: int
    sizes: list[int] = Field(default_factory=list)
    growth: float | None = None  # exponent of time in the length
    peak_memory_ratio: float | None = None


class Output(Record):
    """What the submission printed, control characters kept as they came; whoever shows it escapes it."""

    stdout: str = ""
    stderr: str = ""
    truncated: bool = False


class Isolation(Record):
    """The level in force, and what is missing from the full one."""

    level: str
    missing: list[str] = Field(default_factory=list)


class Environment(Record):
    """Where the grade was made."""

    torch: str
    python: str
    device: str
    cpu: str
    isolation: Isolation


class TrialStatus(StrEnum):
    """How a try ended. Nothing was judged: `done` says only that the snippet ran to its end."""

    DONE = "done"
    ERROR = "error"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    OUTPUT_LIMIT = "output_limit"
    CRASHED = "crashed"
    INVALID = "invalid"  # file or snippet do not parse
    FORBIDDEN = "forbidden"
    FAULT = "fault"  # ours alone; never the learner's


class Trial(Record):
    """What the learner's own snippet gave, run after his code. Additive changes keep `schema_version`."""

    schema_version: Literal[1] = 1
    kata: str
    kata_digest: str
    submission_digest: str  # SHA-256 of the code, without the snippet
    status: TrialStatus
    message: Text | None = None  # why it did not run to its end
    value: str | None = None  # the snippet's last expression as text, cut where it is long; None: a statement, or None
    shapes: list[Shape] = Field(default_factory=list)  # of the tensors in that value: `value`, `value[0]`, ...
    output: Output = Field(default_factory=Output)
    traceback: list[str] = Field(default_factory=list)  # as in a CaseResult, of solution.py and snippet.py
    policy: list[PolicyFinding] = Field(default_factory=list)
    environment: Environment | None = None
    started: str  # ISO 8601, UTC
    seconds: float

    def to_json(self) -> str:
        """The trial as JSON text."""
        return self.model_dump_json(indent=2)


class Report(Record):
    """All that a grade says. Additive changes keep `schema_version`; anything else raises it."""

    schema_version: Literal[1] = 1
    grader_version: str = GRADER_VERSION
    file: str
    submission_digest: str  # SHA-256 of the submitted bytes
    kata: str
    kata_digest: str
    verdict: Verdict
    message: Text | None = None  # why, where no single case says it
    judged_cases: int
    score: Score | None = None  # None for a run
    cases: list[CaseResult] = Field(default_factory=list)
    diagnosis: list[Diagnosis] = Field(default_factory=list)
    policy: list[PolicyFinding] = Field(default_factory=list)
    speed: Speed | None = None
    output: Output = Field(default_factory=Output)
    environment: Environment | None = None
    seed: str  # decimal; a string, since JSON readers lose digits beyond 2**53
    started: str  # ISO 8601, UTC
    seconds: float

    def to_json(self) -> str:
        """The report as JSON text."""
        return self.model_dump_json(indent=2)
