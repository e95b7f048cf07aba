"""What a report means for the exit code."""

from __future__ import annotations

import pytest

from app.judging import exit_code
from graders.verdict import Score, Verdict
from tests.app.reports.test_text import case, report


@pytest.mark.parametrize("verdict", Verdict)
def test_only_passed_is_zero_and_only_our_fault_is_three(verdict: Verdict) -> None:
    wished = {Verdict.PASSED: 0, Verdict.FAULT: 3}.get(verdict, 1)
    assert exit_code(report(case("a"), verdict=verdict), None) == wished


@pytest.mark.parametrize(
    ("verdict", "total", "least", "code"),
    [
        (Verdict.FAILED, 80.0, 80, 0),
        (Verdict.FAILED, 79.9, 80, 1),
        (Verdict.PASSED, 90.0, 95, 1),
        (Verdict.PASSED, 100.0, 100, 0),
        (Verdict.FORBIDDEN, 100.0, 0, 1),
        (Verdict.INVALID, 0.0, 0, 1),
        (Verdict.FAULT, 100.0, 0, 3),
    ],
)
def test_a_least_score_decides_where_the_code_could_be_judged(
    verdict: Verdict, total: float, least: float, code: int
) -> None:
    assert exit_code(report(case("a"), verdict=verdict, score=Score(total=total)), least) == code


def test_a_run_has_no_score_to_compare() -> None:
    assert exit_code(report(case("a"), verdict=Verdict.PASSED, score=None), 50) == 0
