"""Every kata of the bank is proven, and right solutions in foreign styles pass. Real jails throughout."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from graders.grade import Grader
from graders.selfcheck import check, reference_code
from graders.verdict import Report, Verdict
from katas.bank import Bank
from tests.app.banks import QUIZ, write_kata

BANK = Bank.open()
CODE = [kata.id for kata in BANK.katas() if kata.kind == "code"]
SOLUTIONS = Path(__file__).parent / "solutions"
FIRST_TEN = {
    "scaled_dot_product_attention",
    "multi_head_attention",
    "causal_self_attention",
    "masked_softmax",
    "layer_norm",
    "sinusoidal_positional_encoding",
    "cross_entropy",
    "transformer_encoder_layer",
    "kv_cache_attention",
    "greedy_decode",
}


def trouble(report: Report) -> str:
    """What a person needs to see when a grade is not what it should be."""
    cases = [f"{c.name}: {c.status} {c.message.en if c.message else ''}" for c in report.cases if c.status != "passed"]
    return f"{report.verdict} {report.message.en if report.message else ''} seed {report.seed}\n" + "\n".join(cases[:6])


def test_the_first_ten_are_there() -> None:
    assert set(BANK.ids()) >= FIRST_TEN


@pytest.mark.parametrize("name", BANK.ids())
def test_a_kata_is_proven(grader: Grader, name: str) -> None:
    findings = list(check(BANK.kata(name), grader, BANK))
    assert len(findings) > 10
    assert [f"{finding.what}: {finding.detail}" for finding in findings if not finding.ok] == []


@pytest.mark.parametrize("name", CODE)
def test_a_kata_has_five_mistakes_and_three_foreign_solutions(name: str) -> None:
    assert len(BANK.kata(name).mistakes) >= 5
    assert len(list((SOLUTIONS / name).glob("*.py"))) >= 3


@pytest.mark.parametrize("path", sorted(SOLUTIONS.glob("*/*.py")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_right_solution_in_a_foreign_style_passes(grader: Grader, path: Path) -> None:
    for _ in range(2):  # two secret seeds
        report = grader.grade(BANK.kata(path.parent.name), path.read_bytes(), file=path.name)
        assert report.verdict is Verdict.PASSED, trouble(report)
        assert report.score is not None
        assert report.score.total == 100


@pytest.mark.parametrize("name", CODE)
def test_the_reference_passes_on_many_seeds(grader: Grader, name: str) -> None:
    code = reference_code(BANK.kata(name))
    for seed in range(20):
        report = grader.grade(BANK.kata(name), code, seed=seed)
        assert report.verdict is Verdict.PASSED, trouble(report)


@pytest.mark.parametrize("name", CODE)
def test_a_mistake_shows_nothing_of_itself_when_its_docstring_is_taken_away(name: str) -> None:
    for mistake in BANK.kata(name).mistakes:
        body = re.sub(r'^\s*""".*?"""', "", mistake.source, count=1, flags=re.DOTALL)
        assert mistake.id not in body


def test_a_concept_kata_is_not_proven_until_it_is_written(grader: Grader, tmp_path: Path) -> None:
    bank = Bank.open(tmp_path)
    write_kata(tmp_path, "why_heads", kind="concept")
    found = {finding.what: finding.ok for finding in check(bank.kata("why_heads"), grader, bank)}
    assert found["the quiz has 6 to 10 questions"] is False
    assert found["question one is written"] is True
    (tmp_path / "why_heads" / "quiz.toml").write_text(QUIZ.replace("value = 64", "value = 63"), encoding="utf-8")
    details = [finding.detail for finding in check(bank.kata("why_heads"), grader, bank) if not finding.ok]
    assert details == ["kata why_heads: quiz.toml: question `three`: the value is 63, but 512 / 8 = 64"]
    (tmp_path / "why_heads" / "quiz.toml").write_text(QUIZ.replace("because one", "TODO"), encoding="utf-8")
    found = {finding.what: finding.ok for finding in check(bank.kata("why_heads"), grader, bank)}
    assert found["question one is written"] is False
