"""Proves a kata: right code passes, wrong code fails and is named, and everything a page promises is there."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from graders.compare import Yardstick, judge
from graders.diagnose import Mistakes
from graders.grade import Grader
from graders.interpreter import DTYPES
from graders.program import Outcome, Program, Reference, carry_out, module_of
from graders.verdict import Report, Status, TrialStatus, Verdict
from katas.bank import Bank, Kata, KataError
from katas.pictures import shown
from katas.quiz import Question, read_quiz

LEAST_QUESTIONS, MOST_QUESTIONS = 6, 10
LEAST_VISIBLE = 3
LEAST_TELLING = 2  # cases a group whose value no degenerate answer gives
SEED = 20240229


@dataclass(frozen=True)
class Finding:
    """One thing that was proven, or not; `detail` says what to repair."""

    ok: bool
    what: str
    detail: str = ""


def check(kata: Kata, grader: Grader, bank: Bank | None = None) -> Iterator[Finding]:
    """Yields a finding a proof, as they are made. Problems with the kata's files are findings, not exceptions."""
    try:
        yield from _check_texts(kata, bank)
        if kata.kind == "concept":
            yield from _check_quiz(kata)
            return
        reference = Reference(kata)
        programs = reference.programs(SEED)
        yield from _check_cases(kata, programs)
        yield from _check_dtypes(reference, programs)
        yield from _check_twin(reference, programs)
        yield from _check_degenerate(reference, programs)
        yield from _check_grades(kata, grader)
        yield _check_snippet(kata, grader)
    except KataError as error:
        yield Finding(False, "files", str(error))


def _check_texts(kata: Kata, bank: Bank | None) -> Iterator[Finding]:
    for lang in ("en", "zh"):
        try:
            kata.page(lang)
            kata.hints(lang)
            shown(kata, lang)
            yield Finding(True, f"page.{lang}.md is whole")
        except KataError as error:
            yield Finding(False, f"page.{lang}.md is whole", str(error))
    if bank is not None:
        documents = bank.documents()
        unknown = [answer for answer in kata.answers if answer not in documents]
        yield Finding(not unknown, "answers exist in documents.toml", ", ".join(unknown))
    if kata.kind == "code":
        try:
            names = {
                node.name for node in ast.parse(kata.starter).body if isinstance(node, ast.ClassDef | ast.FunctionDef)
            }
            yield Finding(kata.entry in names, "starter.py defines the entry", f"it defines {sorted(names)}")
        except SyntaxError as error:
            yield Finding(False, "starter.py defines the entry", f"line {error.lineno}: {error.msg}")


def _check_quiz(kata: Kata) -> Iterator[Finding]:
    """Reading it proves most: right choices, a reason in both languages for each wrong one, numbers that are derived."""
    quiz = read_quiz(kata)
    count = len(quiz.questions)
    yield Finding(
        LEAST_QUESTIONS <= count <= MOST_QUESTIONS,
        f"the quiz has {LEAST_QUESTIONS} to {MOST_QUESTIONS} questions",
        f"it has {count}",
    )
    for question in quiz.questions:
        unsaid = [lang for lang in ("en", "zh") if any("TODO" in text for text in _texts(question, lang))]
        yield Finding(not unsaid, f"question {question.id} is written", f"TODO is left in {', '.join(unsaid)}")
        if question.number is not None:
            known = len(question.number.slips)
            yield Finding(known > 0, f"question {question.id} names wrong numbers with their reasons", "it has no slip")
    for lang in ("en", "zh"):
        told = [question.id for question in quiz.questions if _right_is_longest(question, lang)]
        singles = sum(question.kind == "single" for question in quiz.questions)
        detail = f"the longest choice is the right one in {', '.join(told)}"
        yield Finding(2 * len(told) <= singles, f"the length of a choice does not give it away in {lang}", detail)


def _texts(question: Question, lang: str) -> Iterator[str]:
    yield question.text[lang]
    yield question.explanation[lang]
    for choice in question.choices:
        yield choice.text[lang]
        yield choice.reason.get(lang, "")
    for slip in question.number.slips if question.number is not None else ():
        yield slip.reason[lang]


def _right_is_longest(question: Question, lang: str) -> bool:
    return question.kind == "single" and max(question.choices, key=lambda choice: len(choice.text[lang])).right


def _check_cases(kata: Kata, programs: list[Program]) -> Iterator[Finding]:
    visible = sum(program.case.visible for program in programs)
    yield Finding(visible >= LEAST_VISIBLE, f"at least {LEAST_VISIBLE} cases are visible", f"{visible} are")
    untitled = [p.case.name for p in programs if not p.case.title.en.strip() or not p.case.title.zh.strip()]
    yield Finding(not untitled, "cases have titles in both languages", ", ".join(untitled))


def _check_dtypes(reference: Reference, programs: list[Program]) -> Iterator[Finding]:
    for name in reference.kata.dtypes:
        wrong = ""
        for program in programs:
            if program.case.refusal is not None or program.dtype is not torch.float32:
                continue
            outcome = carry_out(program, reference.entry, DTYPES[name], program.constructs)
            if outcome.error is not None:
                wrong = f"{program.case.name}: {type(outcome.error).__name__}: {outcome.error}"
            for step, result in zip(program.case.steps, outcome.results, strict=False):
                floating = step.op == "call" and isinstance(result, Tensor) and result.is_floating_point()
                if floating and result.dtype is not DTYPES[name]:
                    wrong = f"{program.case.name}: the output has dtype {result.dtype}"
        yield Finding(not wrong, f"the reference works in {name}", wrong)


def _check_twin(reference: Reference, programs: list[Program]) -> Iterator[Finding]:
    """torch_twin.py, where there is one: `twin(*args)` for a function, `twin(module, *args)` for a module, by torch's own
    operator; None where torch's conventions are not ours."""
    path = reference.kata.folder / "torch_twin.py"
    if not path.exists():
        if reference.kata.torch:
            yield Finding(
                False, "agrees with torch", f"kata.toml names {reference.kata.torch}, and torch_twin.py is missing"
            )
        return
    twin = module_of(reference.kata, "torch_twin.py", path.read_text(encoding="utf-8")).get("twin")
    if not callable(twin):
        raise KataError(reference.kata.id, "torch_twin.py", "defines no function `twin`")
    calls: list[tuple[Any, Any]] = []
    for program in programs:
        if program.case.refusal is None:
            entry = _recording(reference, twin, calls)
            outcome = carry_out(program, entry, torch.float64, program.constructs)
            if outcome.error is not None:
                yield Finding(False, f"agrees with {reference.kata.torch}", f"{program.case.name}: {outcome.error!r}")
                return
    compared = [(ours, theirs) for ours, theirs in calls if theirs is not None]
    wrong = [n for n, (ours, theirs) in enumerate(compared) if not _agree(ours, theirs)]
    detail = f"{len(wrong)} of {len(compared)} calls differ" if compared else "the twin answers no call"
    yield Finding(bool(compared) and not wrong, f"agrees with {reference.kata.torch}", detail)


def _recording(reference: Reference, twin: Callable[..., Any], calls: list[tuple[Any, Any]]) -> Callable[..., Any]:
    """The reference's entry, noting beside each call what torch's operator gives."""
    if not reference.is_class:

        def function(*args: Any, **kwargs: Any) -> Any:
            ours = reference.entry(*args, **kwargs)
            calls.append((ours, twin(*args, **kwargs)))
            return ours

        return function

    def construct(*args: Any, **kwargs: Any) -> Any:
        module = reference.entry(*args, **kwargs)
        if isinstance(module, nn.Module):
            module.register_forward_hook(
                lambda m, a, k, out: calls.append((out, twin(m, *a, **k))) if not m.training else None, with_kwargs=True
            )
        return module

    return construct


def _agree(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, list | tuple):
        return len(ours) == len(theirs) and all(
            _agree(a, b) for a, b in zip(ours, theirs, strict=True) if b is not None
        )
    return ours.shape == theirs.shape and bool(torch.allclose(ours, theirs, rtol=1e-9, atol=1e-11, equal_nan=True))


def _check_degenerate(reference: Reference, programs: list[Program]) -> Iterator[Finding]:
    """Answers that have the right shape and no content must fail the set, and at least two cases of every group."""
    for name, answer in DEGENERATE.items():
        passed: dict[str, list[str]] = {}
        failed: dict[str, int] = {}
        for program in programs:
            if program.case.refusal is not None or not any(s.op == "call" and s.compare for s in program.case.steps):
                continue
            group = str(program.case.group)
            if _degenerate_passes(reference, program, answer):
                passed.setdefault(group, []).append(program.case.name)
                if not program.case.degenerate:
                    detail = f"{program.case.name!r} accepts it: choose other inputs, or say degenerate=True"
                    yield Finding(False, f"degenerate answer `{name}` fails", detail)
            else:
                failed[group] = failed.get(group, 0) + 1
        few = [g for g in {**passed, **failed} if failed.get(g, 0) < LEAST_TELLING]
        yield Finding(not few, f"degenerate answer `{name}` fails twice in every group", f"too few in {', '.join(few)}")


def _degenerate_passes(
    reference: Reference, program: Program, answer: Callable[[Tensor, list[Tensor]], Tensor | None]
) -> bool:
    expected = reference.outcome(program, torch.float64)
    inputs = [program.tensors[index] for _, index in program.arguments if program.tensors[index].is_floating_point()]
    right = reference.outcome(program, program.dtype)
    results = [
        _mapped(value, lambda t: answer(t, inputs)) if step.op == "call" and step.compare else value
        for step, value in zip(program.case.steps, right.results, strict=True)
    ]
    if any(value is NotImplemented for value in results):
        return False
    yard = Yardstick(program, expected, lambda: right, Mistakes(reference).yardstick(program).binding, reference.kata)
    return judge(yard, Outcome(results, None, 0, right.changed, right.inputs)).status is Status.PASSED


def _mapped(value: Any, change: Callable[[Tensor], Tensor | None]) -> Any:
    if isinstance(value, Tensor):
        made = change(value)
        return NotImplemented if made is None else made
    if isinstance(value, list | tuple):
        parts = [_mapped(part, change) for part in value]
        return NotImplemented if any(part is NotImplemented for part in parts) else type(value)(parts)
    return value


def _zeros(right: Tensor, _inputs: list[Tensor]) -> Tensor | None:
    return torch.zeros_like(right)


def _an_input(right: Tensor, inputs: list[Tensor]) -> Tensor | None:
    return next((t.to(right.dtype) for t in inputs if t.shape == right.shape), None)


def _mean_of_values(right: Tensor, inputs: list[Tensor]) -> Tensor | None:
    """The mean over the second last axis of the last input that fits: attention that attends to everything alike."""
    for values in reversed(inputs):
        if values.dim() >= 2 and values.shape[-2]:
            try:
                return values.to(right.dtype).mean(dim=-2, keepdim=True).expand(right.shape).clone()
            except RuntimeError:
                continue
    return None


DEGENERATE: dict[str, Callable[[Tensor, list[Tensor]], Tensor | None]] = {
    "zeros": _zeros,
    "an input returned": _an_input,
    "mean of the values": _mean_of_values,
}


def _check_grades(kata: Kata, grader: Grader) -> Iterator[Finding]:
    """Through the real jail: the reference passes, the starter and every mistake do not, and each mistake is named."""
    report = grader.grade(kata, reference_code(kata), seed=SEED)
    yield Finding(report.verdict is Verdict.PASSED, "the reference passes", _first_trouble(report))
    report = grader.grade(kata, kata.starter.encode(), seed=SEED)
    yield Finding(report.verdict in (Verdict.ERROR, Verdict.FAILED), "the starter fails", f"verdict {report.verdict}")
    if not kata.mistakes:
        yield Finding(False, "there are mistakes", "mistakes/ is empty")
    for mistake in kata.mistakes:
        report = grader.grade(kata, mistake.source.encode(), seed=SEED)
        judged = report.verdict in (Verdict.FAILED, Verdict.ERROR) and bool(report.cases)
        yield Finding(judged, f"mistake {mistake.id} fails", f"verdict {report.verdict}: {_first_trouble(report)}")
        named = [diagnosis.id for diagnosis in report.diagnosis]
        detail = f"named: {', '.join(named) or 'nothing'}; {_first_trouble(report)}"
        yield Finding(named[:1] == [mistake.id], f"mistake {mistake.id} is named", detail)


def _check_snippet(kata: Kata, grader: Grader) -> Finding:
    """What a learner's first try runs must run on a right answer, and show something."""
    trial = grader.attempt(kata, reference_code(kata), kata.snippet)
    shown = trial.status is TrialStatus.DONE and bool(trial.value or trial.output.stdout)
    detail = "; ".join([trial.message.en if trial.message else "it shows nothing", *trial.traceback[-1:]])
    return Finding(shown, "the snippet of a try runs on the reference", "" if shown else detail)


def reference_code(kata: Kata) -> bytes:
    """The reference as a submission: the whole file that it stands in."""
    if kata.reference_source is not None:
        return kata.reference_source.read_bytes()
    return inspect.getsource(importlib.import_module(f"reference.{kata.track}")).encode()


def _first_trouble(report: Report) -> str:
    for case in report.cases:
        if case.status is not Status.PASSED:
            return f"{case.name!r} {case.status}: {case.message.en if case.message else ''}"
    return report.message.en if report.message else ""
