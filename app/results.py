"""A report as a page shows it: first what matters, in the words and numbers that a person reads. Pure: text in, records out."""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.i18n import marked
from app.models import Kind, State, Submission
from app.queue import ATTEMPTS
from app.reports import figures
from app.reports.figures import number, points
from app.terminal import visible
from graders.verdict import CaseResult, PolicyFinding, Report, Shape, TensorView, Trial

log = logging.getLogger("torchkata.web")

VERDICTS = {
    "passed": marked("Passed"),
    "failed": marked("Not passed"),
    "error": marked("Raised an exception"),
    "timeout": marked("Took too long"),
    "memory": marked("Used too much memory"),
    "output_limit": marked("Printed too much"),
    "crashed": marked("Ended its process"),
    "invalid": marked("Cannot be judged"),
    "forbidden": marked("Calls what the task forbids"),
    "fault": marked("Not judged: our own fault"),
    "done": marked("Ran to its end"),
    "not_run": marked("Not run"),
}
STATUSES = VERDICTS | {"failed": marked("Wrong"), "passed": marked("Passed")}
STATES = {
    "queued": marked("Waiting"),
    "running": marked("Being judged"),
    "cancelled": marked("Cancelled"),
    "fault": marked("Not judged: our own fault"),
    "done": marked("Done"),
}
GROUPS = {
    "correctness": marked("correctness"),
    "gradient": marked("gradient"),
    "property": marked("property"),
    "shapes": marked("shapes"),
    "distribution": marked("distribution"),
    "errors": marked("errors"),
    "hygiene": marked("hygiene"),
}
PARTS = {"correctness": marked("correctness"), "shapes": marked("shapes"), "speed": marked("speed")}
KINDS = {"grade": marked("Submit"), "run": marked("Run"), "try": marked("Try")}
ROWS, COLUMNS = 8, 8  # of a small table
PRINTED_LINES = 200
PLACES = (
    (r"^gradient of (.+)$", r"\1 的梯度"),
    (r"^output of call (\d+)", r"第 \1 次调用的 output"),
    (r"^attention weights$", "注意力权重"),
)
UNNAMED = "ijkmnp"  # for axes that the kata does not name, without the letter of the length; picture.ts has the same
TABLE_CELLS = 16  # rows and columns of a picture's table
SHOWN = 5  # failures that stand in the list; the others are folded into one line


@dataclass(frozen=True)
class Cell:
    """A number of a small table."""

    text: str
    differs: bool = False


@dataclass(frozen=True)
class Table:
    """A window into a tensor."""

    head: str  # dtype and shape
    start: str  # where the window begins, empty when at the beginning
    rows: tuple[tuple[Cell, ...], ...]
    cut: bool  # there is more than is shown


@dataclass(frozen=True)
class Failure:
    """A failed case."""

    case: CaseResult
    shapes: tuple[str, ...]  # `query B=2, L=5, D=8`
    expected: Table | None
    actual: Table | None
    index: str  # of the first wrong element, `b=0, l=3, d=0`; empty when there is none
    here: str  # the number that came there, and what it should be
    wanted: str
    error: str
    tolerance: str
    message: dict[str, str]
    traceback: tuple[str, ...]
    pictures: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class View:
    """The report of a grade or a run."""

    report: Report
    verdict: str  # msgid
    total: str  # of the score; empty for a run
    parts: tuple[tuple[str, str], ...]  # msgid, points
    passed: tuple[CaseResult, ...]
    failures: tuple[Failure, ...]
    not_run: tuple[CaseResult, ...]
    stdout: str
    stderr: str
    printed_cut: bool
    titles: dict[str, Any] = field(default_factory=dict)  # case name -> title
    policy: tuple[dict[str, Any], ...] = ()

    @property
    def first(self) -> tuple[Failure, ...]:
        """The failures to begin with; a single one more is not worth folding."""
        return self.failures if len(self.failures) <= SHOWN + 1 else self.failures[:SHOWN]

    @property
    def others(self) -> tuple[Failure, ...]:
        """The failures behind those."""
        return self.failures[len(self.first) :]


def view_of(text: str) -> View:
    """What a page shows of a stored report."""
    report = Report.model_validate_json(text)
    cases = figures.outcomes(report.cases)
    failed = sorted(cases.failed, key=_size)  # stable: of two of one size the earlier case comes first
    stdout, cut_out = _printed(report.output.stdout)
    stderr, cut_error = _printed(report.output.stderr)
    score = report.score
    parts = [
        (PARTS[name], points(value)) for name in figures.PARTS if (value := getattr(score, name, None)) is not None
    ]
    return View(
        report=report,
        verdict=VERDICTS[report.verdict],
        total=points(score.total) if score is not None else "",
        parts=tuple(parts),
        passed=tuple(cases.passed),
        failures=tuple(_failure(case) for case in failed),
        not_run=tuple(cases.not_run),
        stdout=stdout,
        stderr=stderr,
        printed_cut=report.output.truncated or cut_out or cut_error,
        titles={case.name: case.title for case in report.cases},
        policy=_policy(report.policy),
    )


@dataclass(frozen=True)
class TrialView:
    """What a try gave."""

    status: str
    verdict: str  # msgid
    message: dict[str, str] | None
    value: str
    shapes: tuple[str, ...]
    stdout: str
    stderr: str
    printed_cut: bool
    traceback: tuple[str, ...]
    policy: tuple[dict[str, Any], ...]
    seconds: float


def trial_of(text: str) -> TrialView:
    """What a page shows of a stored trial."""
    trial = Trial.model_validate_json(text)
    stdout, cut_out = _printed(trial.output.stdout)
    stderr, cut_error = _printed(trial.output.stderr)
    return TrialView(
        status=trial.status,
        verdict=VERDICTS[trial.status],
        message={lang: visible(trial.message.get(lang)) for lang in ("en", "zh")} if trial.message else None,
        value=visible(trial.value or ""),
        shapes=tuple(_shape(shape) for shape in trial.shapes),
        stdout=stdout,
        stderr=stderr,
        printed_cut=trial.output.truncated or cut_out or cut_error,
        traceback=tuple(visible(line, keep="") for line in trial.traceback),
        policy=_policy(trial.policy),
        seconds=trial.seconds,
    )


def _policy(findings: Sequence[PolicyFinding]) -> tuple[dict[str, Any], ...]:
    return tuple(
        {"line": found.line, "text": visible(found.text, keep=""), "rule": visible(found.rule, keep="")}
        for found in findings
    )


def _failure(case: CaseResult) -> Failure:
    pictures = tuple(_picture(picture) for picture in getattr(case, "pictures", ()))
    axes: list[str] = next((p["axes"] for p in pictures if p["kind"] == "difference" and p["name"] == case.where), [])
    expected, actual = _tables(case, axes)
    index, here, wanted = "", "", ""
    if case.first_bad_index is not None:
        names = letters(axes, len(case.first_bad_index))
        index = ", ".join(f"{name.lower()}={at}" for name, at in zip(names, case.first_bad_index, strict=True))
        here, wanted = _value_at(case.actual, case.first_bad_index), _value_at(case.expected, case.first_bad_index)
    error, tolerance = figures.worst_error(case) or ("", "")
    return Failure(
        case=case,
        shapes=tuple(_shape(shape) for shape in case.shapes),
        expected=expected,
        actual=actual,
        index=index,
        here=here,
        wanted=wanted,
        error=error,
        tolerance=tolerance,
        message=_sentences(case),
        traceback=tuple(visible(line, keep="") for line in case.traceback),
        pictures=pictures,
    )


def _picture(picture: Any) -> dict[str, Any]:
    raw: dict[str, Any] = json.loads(picture.model_dump_json())
    raw["name"] = visible(raw["name"], keep="")
    raw["axes"] = letters(raw["axes"], len(raw["shape"]))
    raw["said"] = {"en": raw["name"], "zh": in_chinese(raw["name"])}
    raw["title"]["zh"] = raw["title"]["zh"].replace(raw["name"], raw["said"]["zh"])
    raw["dims"] = _dims(raw["axes"], raw["shape"])
    first = raw["slices"][0] if raw["slices"] else None
    raw["table"] = _picture_table(raw, first) if first else None
    return raw


def _picture_table(raw: dict[str, Any], first: dict[str, Any]) -> dict[str, Any]:
    """The first slice in numbers: the difference where there is one, else what came; indices at its edges."""
    values = first["difference"] or first["actual"] or first["expected"] or []
    columns, names = max(1, raw["columns"]), [name.lower() for name in raw["axes"]]
    inner = names[len(first["index"]) :]
    down, across = (["", *inner])[-2:] if inner else ("", "")
    rows = [[number(float(one)) for one in row[:TABLE_CELLS]] for row in figures.in_rows(values, columns)[:TABLE_CELLS]]
    return {
        "slice": ", ".join(f"{name}={at}" for name, at in zip(names, first["index"], strict=False)),
        "head": [f"{across}={n * raw['step'][1]}" for n in range(min(columns, TABLE_CELLS))] if across else [],
        "rows": [(f"{down}={n * raw['step'][0]}" if down else "", row) for n, row in enumerate(rows)],
    }


def _size(case: CaseResult) -> int:
    """Elements of everything that it was called with."""
    return sum(math.prod(shape.dims) for shape in case.shapes)


def in_chinese(where: str) -> str:
    """The name of a result as a Chinese sentence takes it; the report has the English one."""
    for pattern, words in PLACES:
        where = re.sub(pattern, words, where)
    return where


def letters(axes: Sequence[str], count: int) -> list[str]:
    """A letter for each of `count` axes: the kata's own where it names them, else i, j, k as for any index."""
    named = axes if len(axes) == count else [""] * count
    return [name or (UNNAMED[n] if n < len(UNNAMED) else "?") for n, name in enumerate(named)]


def _dims(names: Sequence[str], dims: Sequence[int]) -> str:
    """`B=2, L=5, D=8`."""
    return ", ".join(f"{name}={n}" for name, n in zip(names, dims, strict=True))


def _shape(shape: Shape) -> str:
    """`query B=2, L=5, D=8`; what no kata names, as the value of a try, as torch writes it."""
    named = len(shape.axes) == len(shape.dims)
    inner = _dims(letters(shape.axes, len(shape.dims)), shape.dims) if named else figures.in_brackets(shape.dims)
    return visible(" ".join(part for part in (shape.name, inner, shape.dtype) if part), keep="")


def _tables(case: CaseResult, axes: Sequence[str]) -> tuple[Table | None, Table | None]:
    expected, actual = case.expected, case.actual
    differ: set[int] = set()
    if expected is not None and actual is not None and len(expected.values) == len(actual.values):
        bound = case.tolerance if case.tolerance is not None else 0.0
        differ = {
            n
            for n, (one, other) in enumerate(zip(expected.values, actual.values, strict=True))
            if not (abs(one - other) <= bound or one == other or (math.isnan(one) and math.isnan(other)))
        }
    return (
        _table(expected, set(), axes, named=False) if expected is not None else None,
        _table(actual, differ, axes, named=True) if actual is not None else None,
    )


def _table(view: TensorView, differ: set[int], axes: Sequence[str], *, named: bool) -> Table:
    """Only what came is `named` by its dtype: the reference is float64 by design."""
    whole = figures.is_whole(view)
    cells = [Cell(number(value, whole=whole), n in differ) for n, value in enumerate(view.values)]
    rows = tuple(tuple(row[:COLUMNS]) for row in figures.in_rows(cells, figures.columns(view))[:ROWS])
    names = letters(axes, len(view.shape))
    shape = _dims(names, view.shape)
    start = ", ".join(f"{name.lower()}={at}" for name, at in zip(names, view.start, strict=True))
    return Table(
        head=visible(" ".join(part for part in (view.dtype if named else "", shape) if part), keep=""),
        start=visible(f"[{start}]", keep="") if any(view.start) else "",
        rows=rows,
        cut=math.prod(view.shape) > sum(len(row) for row in rows),
    )


def _value_at(view: TensorView | None, index: Sequence[int]) -> str:
    """The number at an index, where the window shows it."""
    if view is None or len(index) != len(view.shape) or len(view.window) > 2:
        return ""
    window = [1] * (len(view.shape) - len(view.window)) + list(view.window)
    offset = 0
    for at, start, length in zip(index, view.start, window, strict=True):
        if not start <= at < start + length:
            return ""
        offset = offset * length + at - start
    return number(view.values[offset], whole=figures.is_whole(view)) if offset < len(view.values) else ""


def _sentences(case: CaseResult) -> dict[str, str]:
    """What is wrong, with the result that is meant before it where the sentence does not name it."""
    if case.message is None:
        return {}
    told = {lang: visible(case.message.get(lang)) for lang in ("en", "zh")}
    if case.where:
        told["zh"] = told["zh"].replace(visible(case.where, keep=""), in_chinese(visible(case.where, keep="")))
    if case.where and case.where not in told["en"]:
        where = visible(case.where, keep="")
        return {"en": f"{where}: {told['en']}", "zh": f"{in_chinese(where)}：{told['zh']}"}
    first = told["en"].partition(" ")[0]
    if first.isalpha():  # an English word and no name of the code
        told["en"] = told["en"][0].upper() + told["en"][1:]
    return told


def _printed(text: str) -> tuple[str, bool]:
    """Printed text, and whether it is cut."""
    lines = figures.printed(text) if text.strip() else []
    return "\n".join(lines[:PRINTED_LINES]), len(lines) > PRINTED_LINES


def context(submission: Submission) -> dict[str, Any]:
    """What result.html is handed beside the submission itself. A report that cannot be read is shown as such."""
    view, trial = None, None
    if submission.state == State.DONE and submission.report:
        try:
            if submission.kind == Kind.TRY:
                trial = trial_of(submission.report)
            else:
                view = view_of(submission.report)
        except (ValueError, KeyError, TypeError) as error:
            log.warning("the report of %s cannot be read: %s", submission.id, error)
    words = {"statuses": STATUSES, "verdicts": VERDICTS, "states": STATES, "groups": GROUPS, "kinds": KINDS}
    return {"view": view, "trial": trial, "reason": reason(submission), **words}


def reason(submission: Submission) -> str:
    """Why it was not judged, where that is our fault: `gone` or `broken` is its kata, `tries` are used up, or `other`."""
    if submission.state != State.FAULT:
        return ""
    fault = submission.fault or ""
    about_kata = f"kata {submission.kata}: "  # as the lane writes it; of an unknown kata only the name follows
    if fault.startswith(about_kata):
        return "gone" if fault == about_kata + submission.kata else "broken"
    return "tries" if submission.attempt >= ATTEMPTS else "other"


def addresses(submission: str) -> dict[str, str]:
    """Where a submission is to be found."""
    page = f"/submissions/{submission}"
    return {
        "id": submission,
        "url": page,
        "events": f"{page}/events",
        "result": f"{page}/result",
        "api": f"/api{page}",
    }
