"""The report for a person at a terminal: what is wrong first, in full where it helps, a line each for the rest."""

from __future__ import annotations

from rich.text import Text

from app.messages import TABLE, say
from app.reports import figures
from app.reports.figures import points
from app.terminal import visible
from graders.verdict import CaseResult, Output, Report, Shape, TensorView, Verdict

FULL_CASES = 2  # failed cases shown in full
LINE_CASES = 8  # further ones, a line each
ROWS, COLUMNS = 3, 6  # of a tensor's window
PRINTED_LINES = 12
PASSED_NAMES, EVIDENCE_NAMES = 6, 4

_GOOD, _BAD, _ODD, _FAINT, _HEAD = "bold green", "bold red", "bold yellow", "dim", "bold"
_COLOURS = {Verdict.PASSED: _GOOD, Verdict.FAULT: _ODD}


def render(report: Report, lang: str) -> Text:
    """The whole report, styled, without a final line end. Whatever a submission could have written is escaped."""
    blocks = [
        _head(report, lang),
        *_failures(report, lang),
        *_policy(report, lang),
        *_diagnoses(report, lang),
        *_printed(report.output, lang),
        _foot(report, lang),
    ]
    return Text("\n\n").join(blocks)


def summary(report: Report, lang: str) -> str:
    """The verdict and the score in a few words."""
    verdict = say(lang, f"verdict.{report.verdict}")
    return (
        verdict if report.score is None else f"{verdict} {say(lang, 'report.score', total=points(report.score.total))}"
    )


def _head(report: Report, lang: str) -> Text:
    text = Text()
    text.append(say(lang, f"verdict.{report.verdict}"), _COLOURS.get(report.verdict, _BAD))
    text.append(f"  {report.kata}", _HEAD)
    text.append(f"  {visible(report.file, keep='')}", _FAINT)
    if report.cases:
        passed = len(figures.outcomes(report.cases).passed)
        text.append("\n" + say(lang, "report.cases", passed=passed, count=len(report.cases)))
    if report.score is not None:
        text.append(("  ·  " if report.cases else "\n") + say(lang, "report.score", total=points(report.score.total)))
        for part in figures.PARTS:
            value = getattr(report.score, part)
            if value is not None:
                text.append("  " + say(lang, f"report.part.{part}", value=points(value)), _FAINT)
    if report.speed is not None:
        numbers = {name: f"{getattr(report.speed, name):.2f}" for name in ("ratio", "low", "high")}
        text.append("\n" + say(lang, "report.speed", **numbers))
    if report.message is not None:
        text.append("\n" + visible(report.message.get(lang)))
    return text


def _failures(report: Report, lang: str) -> list[Text]:
    passed, failed, not_run = figures.outcomes(report.cases)
    blocks = [_case(case, lang) for case in failed[:FULL_CASES]]
    rest = failed[FULL_CASES:] + not_run
    if rest:
        text = Text.assemble((say(lang, "report.more"), _HEAD))
        for case in rest[:LINE_CASES]:
            text.append("\n  ")
            text.append(case.title.get(lang))
            text.append(f"  {_group(case.group, lang)} · {say(lang, f'status.{case.status}')}", _FAINT)
        if len(rest) > LINE_CASES:
            text.append("\n  " + say(lang, "report.and_more", count=len(rest) - LINE_CASES), _FAINT)
        blocks.append(text)
    if failed and passed:
        names = _names([case.title.get(lang) for case in passed], lang, PASSED_NAMES)
        blocks.append(Text(say(lang, "report.passed_line", names=names), _FAINT))
    return blocks


def _case(case: CaseResult, lang: str) -> Text:
    text = Text.assemble(("✗ ", _BAD))
    text.append(case.title.get(lang), _HEAD)
    text.append(f"  {_group(case.group, lang)} · {say(lang, f'status.{case.status}')}", _FAINT)
    for line in _case_lines(case, lang):
        text.append("\n    " + visible(line))  # dtypes, names and messages may all be the submission's own words
    return text


def _case_lines(case: CaseResult, lang: str) -> list[str]:
    lines = []
    if case.shapes:
        lines.append(say(lang, "report.called_with", shapes=", ".join(_shape(shape) for shape in case.shapes)))
    if case.message is not None or case.where:
        what = case.message.get(lang).replace("\n", "\n    ") if case.message is not None else ""
        where = visible(case.where, keep="") if case.where and case.where not in what else ""
        lines.append(": ".join(part for part in (where, what) if part))
    lines += ["  " + visible(line, keep="") for line in case.traceback]
    lines += _views(case, lang)
    facts = []
    if case.first_bad_index is not None:
        facts.append(say(lang, "report.first_bad", index=", ".join(map(str, case.first_bad_index))))
    if case.message is None and case.bad_count is not None and case.count is not None:
        facts.append(say(lang, "report.bad_count", bad=case.bad_count, count=case.count))
    if worst := figures.worst_error(case):
        error, tolerance = worst
        facts.append(say(lang, "report.error", error=error, tolerance=tolerance))
    return [*lines, " · ".join(facts)] if facts else lines


def _views(case: CaseResult, lang: str) -> list[str]:
    """Expected above actual, their numbers in the same columns."""
    views = [(say(lang, f"report.{name}"), view) for name in ("expected", "actual") if (view := getattr(case, name))]
    rows = [_rows(view) for _, view in views]
    width = max((len(cell) for row in rows for line in row for cell in line), default=0)
    lines = []
    for (label, view), cells in zip(views, rows, strict=True):
        lines.append(f"{label} {_place(view, named=view is case.actual)}")
        lines += ["  " + "  ".join(cell.rjust(width) for cell in line) for line in cells]
    return lines


def _place(view: TensorView, named: bool) -> str:
    """`float32 (2, 5, 8)`, and where its window begins; only what came is `named`: the reference is float64 by design."""
    words = [figures.in_brackets(view.shape)]
    if named:
        words = [view.dtype, *words, *([view.device] if view.device != "cpu" else [])]
    if any(view.start):
        words.append(f"[{', '.join(map(str, view.start))}] →")
    return " ".join(words)


def _rows(view: TensorView) -> list[list[str]]:
    whole = figures.is_whole(view)
    cells = [figures.number(value, whole=whole, nan="nan", infinity="inf") for value in view.values]
    table = figures.in_rows(cells, figures.columns(view))
    cut = [[*row[:COLUMNS], *(["…"] if len(row) > COLUMNS else [])] for row in table[:ROWS]]
    return cut + ([["…"]] if len(table) > ROWS else [])


def _shape(shape: Shape) -> str:
    """`query (B=2, L=5, D=8)`, its dtype where the report has it."""
    return " ".join(part for part in (shape.name, shape.dtype, figures.in_brackets(figures.lengths(shape))) if part)


def _policy(report: Report, lang: str) -> list[Text]:
    if not report.policy:
        return []
    text = Text.assemble((say(lang, "report.policy"), _HEAD))
    for finding in report.policy:
        text.append(f"\n  {visible(report.file, keep='')}:{finding.line}: {visible(finding.text, keep='')}")
    return [text]


def _diagnoses(report: Report, lang: str) -> list[Text]:
    if not report.diagnosis:
        return []
    titles = {case.name: case.title.get(lang) for case in report.cases}
    text = Text.assemble((say(lang, "report.diagnosis"), _HEAD))
    for diagnosis in report.diagnosis:
        title, body = diagnosis.title.get(lang), diagnosis.text.get(lang)
        text.append("\n  ")
        text.append(title, _ODD)
        if body.startswith(title):  # the title is the text's own beginning, and need not be read twice
            text.append(body.removeprefix(title).replace("\n", "\n  "))
        else:
            text.append("\n  " + body.replace("\n", "\n  "))
        if diagnosis.evidence:
            names = _names([titles.get(name, name) for name in diagnosis.evidence], lang, EVIDENCE_NAMES)
            text.append("\n  " + say(lang, "report.evidence", names=names), _FAINT)
    return [text]


def _printed(output: Output, lang: str) -> list[Text]:
    blocks = []
    for key, content in (("report.printed", output.stdout), ("report.printed_error", output.stderr)):
        if not content:
            continue
        text = Text.assemble((say(lang, key), _HEAD))
        lines = figures.printed(content)
        for line in lines[:PRINTED_LINES]:
            text.append("\n  | " + line)
        if len(lines) > PRINTED_LINES:
            text.append("\n  " + say(lang, "report.lines_more", count=len(lines) - PRINTED_LINES), _FAINT)
        blocks.append(text)
    if blocks and output.truncated:
        blocks[-1].append("\n  " + say(lang, "report.printed_cut"), _FAINT)
    return blocks


def _foot(report: Report, lang: str) -> Text:
    facts = [say(lang, "report.seed", seed=report.seed)]
    warning = ""
    if report.environment is not None:
        environment, isolation = report.environment, report.environment.isolation
        facts += [f"torch {environment.torch}", environment.device]
        if isolation.level == "full":
            facts.append(say(lang, "report.isolation", level=isolation.level))
        elif isolation.missing:
            missing = ", ".join(isolation.missing)
            warning = say(lang, "report.isolation_missing", level=isolation.level, missing=missing)
        else:
            warning = say(lang, "report.isolation", level=isolation.level)
    text = Text.assemble((" · ".join([*facts, f"{report.seconds:.2f} s"]), _FAINT))
    if warning:
        text.append("\n" + warning, _ODD)
    return text


def _group(group: str, lang: str) -> str:
    return say(lang, f"group.{group}") if f"group.{group}" in TABLE else group


def _names(names: list[str], lang: str, most: int) -> str:
    joint = "；" if lang == "zh" else "; "  # titles hold commas of their own
    more = [say(lang, "report.and_more", count=len(names) - most)] if len(names) > most else []
    return joint.join(names[:most] + more)
