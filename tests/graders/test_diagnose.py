"""The misunderstanding behind wrong numbers: known mistakes by name, then readings of the numbers, then silence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from graders.compare import judge
from graders.diagnose import READINGS, Mistakes, Tried, close, diagnose, first_match
from graders.program import Outcome, Reference, carry_out
from graders.verdict import Diagnosis, Status
from tests.graders import toy_katas

HEAD = "def spread(x):\n    assert x.dim(), 'there is no axis'\n    mean = x.mean(-1, keepdim=True)\n"
ANSWER = HEAD + "    return (x - mean) / (x.var(-1, keepdim=True, correction=0) + 1).sqrt()\n"
CASES = """
case = draw.case("a batch", "一批")
case.entry(case.normal(3, 4, 5))
yield case
case = draw.case("one row", "一行")
case.entry(case.normal(1, 1, 6))
yield case
case = draw.case("a square", "方阵")
case.entry(case.normal(2, 5, 5))
yield case
case = draw.case("a vector is refused", "拒绝向量", group="errors")
case.entry(case.normal(3, 4, 5).sum())
case.refused(en="no axis", zh="没有轴")
yield case
"""
MISTAKES = {
    "no_mean": HEAD + "    return x / (x.var(-1, keepdim=True, correction=0) + 1).sqrt()\n",
    "unbiased": HEAD + "    return (x - mean) / (x.var(-1, keepdim=True) + 1).sqrt()\n",
}


def standard(x: Tensor) -> Tensor:
    if x.dim() == 0:
        raise IndexError("there is no axis")
    return (x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True, correction=0) + 1).sqrt()


@pytest.fixture
def mistakes(tmp_path: Path) -> Mistakes:
    return Mistakes(Reference(toy_katas.write(tmp_path / "spread", "spread", ANSWER, CASES, MISTAKES)))


def tried(mistakes: Mistakes, entry: Callable[..., Any], seed: int = 3) -> list[Tried]:
    """Every case, judged."""
    judged = []
    for program in mistakes.reference.programs(seed):
        outcome = carry_out(program, entry, program.dtype, program.constructs)
        judged.append(Tried(program, outcome, judge(mistakes.yardstick(program), outcome)))
    return judged


def said(mistakes: Mistakes, entry: Callable[..., Any]) -> list[Diagnosis]:
    return diagnose(mistakes, tried(mistakes, entry))


# -- known mistakes --------------------------------------------------------------------------------------------------


def test_a_right_answer_has_no_diagnosis(mistakes: Mistakes) -> None:
    assert [one.result.status for one in tried(mistakes, standard)] == [Status.PASSED] * 4
    assert said(mistakes, standard) == []


def test_a_mistake_is_named_though_it_is_computed_otherwise(mistakes: Mistakes) -> None:
    def submission(x: Tensor) -> Tensor:
        if x.dim() == 0:
            raise ValueError("at least one axis")
        mean = x.sum(-1, keepdim=True) / x.shape[-1]
        variance = ((x - mean) ** 2).sum(-1, keepdim=True) / (x.shape[-1] - 1)
        return (x - mean) * (variance + 1).rsqrt()

    (diagnosis,) = said(mistakes, submission)
    assert diagnosis.id == "unbiased"
    assert (diagnosis.title.en, diagnosis.title.zh) == ("unbiased in words", "unbiased 的说明")
    assert diagnosis.text.en == "unbiased in words: the rest."
    assert set(diagnosis.evidence) == {"a batch", "one row", "a square"}


def test_a_mistake_that_explains_only_some_failures_among_others_is_not_named(mistakes: Mistakes) -> None:
    def submission(x: Tensor) -> Tensor:
        if x.shape == (1, 1, 6):
            return x / (x.var(-1, keepdim=True, correction=0) + 1).sqrt()
        return standard(x) + torch.sin(37 * x)

    assert said(mistakes, submission) == []


def test_a_mistake_that_a_passed_case_contradicts_is_not_named(mistakes: Mistakes) -> None:
    def submission(x: Tensor) -> Tensor:
        if x.shape == (3, 4, 5):
            return standard(x)
        return x / (x.var(-1, keepdim=True, correction=0) + 1).sqrt()

    assert said(mistakes, submission) == []


def test_nothing_is_named_on_noise(mistakes: Mistakes) -> None:
    generator = torch.Generator().manual_seed(0)
    assert said(mistakes, lambda x: torch.randn(x.shape, generator=generator)) == []


def test_an_exception_everywhere_is_not_a_mistake(mistakes: Mistakes) -> None:
    def submission(x: Tensor) -> Tensor:
        raise RuntimeError("shapes cannot be multiplied")

    assert said(mistakes, submission) == []


def test_cases_that_ended_their_jail_are_no_evidence(mistakes: Mistakes) -> None:
    ended = []
    for one in tried(mistakes, standard):
        ended.append(Tried(one.program, None, one.result.model_copy(update={"status": Status.TIMEOUT})))
    assert diagnose(mistakes, ended) == []


def test_the_kata_itself_says_which_mistake_each_of_its_own_is(mistakes: Mistakes) -> None:
    for mistake in mistakes.kata.mistakes:
        judged = [
            Tried(program, mistakes.outcome(mistake, program), mistakes.judged(mistake, program))
            for program in mistakes.reference.programs(5)
        ]
        assert [diagnosis.id for diagnosis in diagnose(mistakes, judged)] == [mistake.id]


def test_an_ambiguous_binding_of_wrong_code_is_settled_by_a_mistake(mistakes: Mistakes) -> None:
    program = mistakes.reference.programs(3)[0]
    noise = Outcome([torch.zeros(3, 4, 5)])
    wrong = mistakes.outcome(mistakes.kata.mistakes[1], program)
    assert first_match(mistakes, mistakes.kata, program, [noise, wrong]) == 1
    assert first_match(mistakes, mistakes.kata, program, [noise, Outcome([], ValueError("x"))]) == 0


# -- readings --------------------------------------------------------------------------------------------------------


def shifted(x: Tensor) -> Tensor:
    return torch.cat([torch.zeros_like(x[..., :1, :]), x[..., :-1, :]], -2)


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("constant", lambda y: torch.full_like(y, 0.25)),
        ("constant", lambda y: torch.full((2, 2), 1.0)),
        ("transposed", lambda y: y.transpose(-1, -2)),
        ("batch_and_length_swapped", lambda y: y.transpose(0, 1)),
        ("off_by_one", shifted),
        ("scaled", lambda y: y * 8**-0.5),
        ("scaled", lambda y: -y),
    ],
)
def test_a_generic_reading_is_recognised(mistakes: Mistakes, name: str, spoil: Callable[[Tensor], Tensor]) -> None:
    (diagnosis,) = said(mistakes, lambda x: spoil(standard(x)))
    assert diagnosis.id == name
    assert diagnosis.evidence
    assert diagnosis.text.zh


def test_nan_where_everything_is_masked_is_recognised(tmp_path: Path) -> None:
    answer = "def weigh(x, mask):\n    return torch.nan_to_num(torch.softmax(x.masked_fill(~mask, -torch.inf), -1))\n"
    cases = """
case = draw.case("an empty row", "空行")
mask = case.mask(3, 5)
mask[1] = False
case.entry(case.normal(3, 5), mask)
yield case
"""
    mistakes = Mistakes(Reference(toy_katas.write(tmp_path / "weigh", "weigh", answer, cases)))
    (diagnosis,) = said(mistakes, lambda x, mask: torch.softmax(x.masked_fill(~mask, -torch.inf), -1))
    assert diagnosis.id == "nan_in_masked_rows"
    assert said(mistakes, lambda x, mask: torch.softmax(x, -1) * float("nan")) == []


@pytest.mark.parametrize(
    "value",
    [
        torch.full((2, 3), float("nan")),
        torch.tensor([float("nan"), 1.0]),
        torch.zeros(0),
        torch.zeros(()),
        torch.tensor(float("nan")),
        torch.ones(7, dtype=torch.int64),
        torch.tensor([True, False]),
        torch.tensor([float("inf"), -float("inf")]),
        None,
        "text",
        (torch.zeros(2),),
    ],
    ids=["nan", "some nan", "empty", "scalar", "nan scalar", "ints", "bools", "infinite", "none", "text", "tuple"],
)
def test_results_of_any_form_are_read(mistakes: Mistakes, value: Any) -> None:
    for diagnosis in said(mistakes, lambda x: value):
        assert diagnosis.id in {name for name, *_ in READINGS}


def test_a_reading_of_one_case_among_several_may_be_chance(mistakes: Mistakes) -> None:
    generator = torch.Generator().manual_seed(0)

    def submission(x: Tensor) -> Tensor:
        return 2 * standard(x) if x.shape == (1, 1, 6) else torch.randn(x.shape, generator=generator)

    assert said(mistakes, submission) == []


def test_close_takes_nan_and_infinity_at_their_places() -> None:
    a = torch.tensor([1.0, float("nan"), float("inf")])
    assert close(a.clone(), a, 1e-6)
    assert not close(a.flip(0), a, 1e-6)
    assert not close(torch.tensor([1.0, 0.0, float("inf")]), a, 1e-6)
    assert close(torch.tensor([1.0 + 1e-7, 100.0]), torch.tensor([1.0, 100.0]), 1e-6)
