"""Names the misunderstanding behind wrong numbers: the kata's known mistakes first, generic readings of the numbers after."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from graders.binding import Binding, Piece
from graders.compare import Yardstick, judge
from graders.program import Outcome, Program, Reference, carry_out, load_source
from graders.verdict import CaseResult, Diagnosis, Status, Text
from katas.bank import Kata, Mistake

LOOSE = 64.0  # times eps: two float computations of the same wrong formula
JUDGED = (Status.PASSED, Status.FAILED, Status.ERROR)
PROBES = 4  # a mistake that explains none of the four smallest wrong cases is not tried on the rest
CHANCE_CASES = 2  # a generic reading must explain as many cases, or all that there are


@dataclass(frozen=True)
class Tried:
    """One judged case of the submission."""

    program: Program
    outcome: Outcome | None  # None: the jail ended
    result: CaseResult


class Mistakes:
    """The mistakes of one kata, loaded; outcomes are remembered within one grade."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self.kata = reference.kata
        self._entries: dict[str, Callable[..., object]] = {}

    def entry(self, mistake: Mistake) -> Callable[..., object]:
        """The wrong function or class itself."""
        if mistake.id not in self._entries:
            file = f"mistakes/{mistake.path.name}"
            self._entries[mistake.id] = load_source(self.kata, file, mistake.source)
        return self._entries[mistake.id]

    def outcome(self, mistake: Mistake, program: Program) -> Outcome:
        """What the mistake gives, in the case's dtype."""
        key = "mistake:" + mistake.id
        if key not in program.memo:
            entry = self.entry(mistake)
            with torch.random.fork_rng(devices=[]):  # a mistake may draw from the global generator
                before = torch.get_rng_state()
                outcome = carry_out(program, entry, program.dtype, program.constructs)
                if outcome.error is None and not torch.equal(before, torch.get_rng_state()):
                    torch.manual_seed(torch.initial_seed() + 1)
                    again = carry_out(program, entry, program.dtype, program.constructs)
                    program.memo["random:" + mistake.id] = _different_steps(program, outcome, again)
            program.memo[key] = outcome
        known: Outcome = program.memo[key]
        return known

    def random_steps(self, mistake: Mistake, program: Program) -> frozenset[int]:
        """Steps whose result the mistake itself does not repeat: nobody can be held against those numbers."""
        self.outcome(mistake, program)
        steps: frozenset[int] = program.memo.get("random:" + mistake.id, frozenset())
        return steps

    def judged(self, mistake: Mistake, program: Program) -> CaseResult:
        """The mistake's own result on a case."""
        key = "judged:" + mistake.id
        if key not in program.memo:
            program.memo[key] = judge(self.yardstick(program), self.outcome(mistake, program))
        result: CaseResult = program.memo[key]
        return result

    def yardstick(self, program: Program) -> Yardstick:
        """For code whose parameters are named as the roles."""
        roles = {role for values in program.constructs.values() for role in values}
        return yardstick(
            self.reference, program, Binding(tuple(Piece(role, (role,), "plain") for role in sorted(roles)))
        )


def yardstick(reference: Reference, program: Program, binding: Binding | None) -> Yardstick:
    """What a program is measured with; the reference is carried out in float64 now, in the case's dtype when asked."""
    expected = reference.outcome(program, torch.float64)
    return Yardstick(program, expected, partial(reference.outcome, program, program.dtype), binding, reference.kata)


def diagnose(mistakes: Mistakes, tried: Sequence[Tried]) -> list[Diagnosis]:
    """The misunderstandings that agree with what the submission gave, the best first; usually one, often none."""
    wrong = [one for one in tried if one.result.status not in (Status.PASSED, Status.NOT_RUN)]
    wrong.sort(key=size)
    passed = sorted((one for one in tried if one.result.status is Status.PASSED), key=size)
    found: list[tuple[int, str, Diagnosis]] = []
    for mistake in mistakes.kata.mistakes:
        if not any(_agrees(mistakes, mistake, one) for one in wrong[:PROBES]):
            continue
        evidence = [one.program.case.name for one in wrong if _agrees(mistakes, mistake, one)]
        if 2 * len(evidence) < len(wrong) or not all(_agrees(mistakes, mistake, one) for one in passed):
            continue
        found.append((-len(evidence), mistake.id, _from_mistake(mistake, evidence)))
    best = [diagnosis for _, _, diagnosis in sorted(found, key=lambda item: item[:2])]
    full = [diagnosis for diagnosis in best if len(diagnosis.evidence) == len(wrong)]
    return (full or best)[:3] or _readings(mistakes, wrong)


def size(one: Tried) -> int:
    """Small cases first: they are judged faster, and a disagreement ends the trial of a mistake."""
    return sum(tensor.numel() for tensor in one.program.tensors) * len(one.program.steps)


def _agrees(mistakes: Mistakes, mistake: Mistake, one: Tried) -> bool:
    """Whether the mistake ends this case as the submission did, with the same numbers."""
    if one.outcome is None or one.result.status not in JUDGED:
        return False
    theirs = mistakes.judged(mistake, one.program)
    if (theirs.status, theirs.check) != (one.result.status, one.result.check):
        return False
    if theirs.check in ("relation", "inputs", "gradient") and theirs.where != one.result.where:
        return False
    random = mistakes.random_steps(mistake, one.program)
    return same_numbers(one.program, mistakes.outcome(mistake, one.program), one.outcome, random)


def same_numbers(program: Program, first: Outcome, second: Outcome, besides: frozenset[int] = frozenset()) -> bool:
    """Whether the compared results of two outcomes are equal up to rounding, but for some steps."""
    if first.error is not None or second.error is not None:
        return (first.error is None) == (second.error is None)
    eps = torch.finfo(program.dtype).eps
    for number, step in enumerate(program.case.steps):
        if number in besides:
            continue
        if step.op == "call" and step.compare and not _equal(first.results[number], second.results[number], eps):
            return False
        if step.op == "backward":
            ours, theirs = first.results[number], second.results[number]
            if not isinstance(theirs, dict) or not _equal(ours.get("inputs"), theirs.get("inputs"), eps):
                return False
    return True


def _different_steps(program: Program, first: Outcome, second: Outcome) -> frozenset[int]:
    eps = torch.finfo(program.dtype).eps
    pairs = enumerate(zip(first.results, second.results, strict=False))
    return frozenset(number for number, (one, other) in pairs if not _equal(one, other, eps))


def _equal(first: object, second: object, eps: float) -> bool:
    if isinstance(first, Tensor) and isinstance(second, Tensor):
        return first.shape == second.shape and first.dtype == second.dtype and close(second, first, LOOSE * eps)
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(_equal(first[key], second[key], eps) for key in first)
    if isinstance(first, list | tuple) and isinstance(second, list | tuple):
        return len(first) == len(second) and all(_equal(a, b, eps) for a, b in zip(first, second, strict=True))
    return type(first) is type(second) and (isinstance(first, Tensor) or first == second)


def close(actual: Tensor, other: Tensor, share: float) -> bool:
    """Equal up to `share` of the largest value; NaN and infinity at the same places."""
    a, b = actual.double(), other.double()
    known = b[b.isfinite()]
    limit = share * (float(known.abs().max()) if known.numel() else 0.0)
    same = (a == b) | (a.isnan() & b.isnan()) | ((a - b).abs() <= max(limit, 1e-12))
    return bool(same.all())


def _from_mistake(mistake: Mistake, evidence: list[str]) -> Diagnosis:
    title = {lang: re.split(r"[:;.](?:\s|$)|[：；。]", line)[0].strip() for lang, line in mistake.text.items()}
    return Diagnosis(
        id=mistake.id,
        title=Text(en=title["en"], zh=title["zh"]),
        text=Text(en=mistake.text["en"], zh=mistake.text["zh"]),
        evidence=evidence,
    )


# -- readings that need no knowledge of the kata ---------------------------------------------------------------------


def _nan_in_empty_rows(expected: Tensor, actual: Tensor, program: Program) -> bool:
    return (
        expected.shape == actual.shape
        and bool(actual.isnan().any())
        and not bool(expected.isnan().any())
        and _only(actual.isnan(), expected.double() == 0)
    )


def _only(bad: Tensor, places: Tensor) -> bool:
    return bool((bad <= places).all()) and bool(bad.any())


def _transposed(expected: Tensor, actual: Tensor, program: Program) -> bool:
    return expected.dim() >= 2 and _matches(actual, expected.transpose(-1, -2), program)


def _axes_swapped(expected: Tensor, actual: Tensor, program: Program) -> bool:
    return expected.dim() >= 3 and _matches(actual, expected.transpose(0, 1), program)


def _shifted(expected: Tensor, actual: Tensor, program: Program) -> bool:
    if expected.shape != actual.shape:
        return False
    for axis in range(expected.dim()):
        size = expected.shape[axis]
        if size < 3:
            continue
        for first, second in ((0, 1), (1, 0)):
            ours, theirs = expected.narrow(axis, first, size - 1), actual.narrow(axis, second, size - 1)
            if _matches(theirs, ours, program) and float(ours.double().std()) > 0:
                return True
    return False


def _scaled(expected: Tensor, actual: Tensor, program: Program) -> bool:
    if expected.shape != actual.shape or expected.numel() < 2 or not expected.is_floating_point():
        return False
    e, a = expected.double().reshape(-1), actual.double().reshape(-1)
    place = int(e.abs().argmax())
    if float(e[place]) == 0 or not bool(a.isfinite().all()):
        return False
    return float(a[place]) != 0 and _matches(actual, expected.double() * (a[place] / e[place]), program)


def _constant(expected: Tensor, actual: Tensor, program: Program) -> bool:
    return actual.numel() > 1 and bool((actual == actual.reshape(-1)[0]).all())


def _matches(actual: Tensor, expected: Tensor, program: Program) -> bool:
    return actual.shape == expected.shape and close(actual, expected, LOOSE * torch.finfo(program.dtype).eps)


READINGS: tuple[tuple[str, Callable[[Tensor, Tensor, Program], bool], str, str], ...] = (
    (
        "nan_in_masked_rows",
        _nan_in_empty_rows,
        "NaN where nothing may be attended: a softmax over a row of minus infinity divides zero by zero",
        "没有可关注位置的行得到了 NaN：对全是负无穷的一行做 softmax，等于零除以零",
    ),
    ("constant", _constant, "Every value is the same: the inputs have no effect", "所有值都一样：输入没有起作用"),
    (
        "transposed",
        _transposed,
        "The values are right but the last two axes are swapped",
        "数值是对的，但最后两个轴颠倒了",
    ),
    (
        "batch_and_length_swapped",
        _axes_swapped,
        "The values are right but the first two axes are swapped: batch and length are mixed up",
        "数值是对的，但前两个轴颠倒了：批次与长度弄混了",
    ),
    (
        "off_by_one",
        _shifted,
        "The values are right but stand one position too early or too late",
        "数值是对的，但位置错开了一位",
    ),
    (
        "scaled",
        _scaled,
        "Every value is wrong by one constant factor: look for a missing, doubled or inverted scale",
        "所有值只差一个常数因子：检查缩放是否漏掉、重复或取反",
    ),
)


def _readings(mistakes: Mistakes, wrong: Sequence[Tried]) -> list[Diagnosis]:
    """The first generic reading that explains enough of the cases whose values are wrong."""
    valued = [one for one in wrong if one.outcome is not None and one.result.check in ("value", "shape")]
    for name, holds, en, zh in READINGS:
        evidence = [one.program.case.name for one in valued if _read(mistakes.reference, one, holds)]
        if evidence and (len(evidence) == len(valued) or len(evidence) >= CHANCE_CASES):
            return [Diagnosis(id=name, title=Text(en=en, zh=zh), text=Text(en=en, zh=zh), evidence=evidence)]
    return []


def _read(reference: Reference, one: Tried, holds: Callable[[Tensor, Tensor, Program], bool]) -> bool:
    assert one.outcome is not None
    if one.outcome.error is not None:
        return False
    expected = reference.outcome(one.program, torch.float64)
    pairs = [
        (expected.results[number], one.outcome.results[number])
        for number, step in enumerate(one.program.case.steps)
        if step.op == "call" and step.compare
    ]
    tensors = [(e, a) for e, a in pairs if isinstance(e, Tensor) and isinstance(a, Tensor)]
    different = [(e, a) for e, a in tensors if not _matches(a, e, one.program)]
    return bool(different) and all(holds(e, a, one.program) for e, a in different)


def first_match(mistakes: Mistakes, kata: Kata, program: Program, outcomes: Sequence[Outcome]) -> int:
    """The number of the first outcome that a known mistake gives too: settles an ambiguous binding of wrong code, else 0."""
    for mistake in kata.mistakes:
        for number, outcome in enumerate(outcomes):
            if outcome.error is None and same_numbers(program, mistakes.outcome(mistake, program), outcome):
                return number
    return 0
