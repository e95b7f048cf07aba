"""From case results to a verdict and a score."""

from __future__ import annotations

import pytest

from graders.score import score_of, speed_score, verdict_of
from graders.verdict import CaseResult, Speed, Status, Text, Verdict

WEIGHTS = {"correctness": 60, "shapes": 25, "speed": 15}


def case(status: str = "passed", group: str = "correctness") -> CaseResult:
    return CaseResult(name="a", title=Text(en="a", zh="一"), group=group, visible=False, status=Status(status))


def speed(ratio: float) -> Speed:
    return Speed(ratio=ratio, low=ratio, high=ratio, rounds=9)


def test_the_first_status_that_is_not_passed_is_the_verdict() -> None:
    assert verdict_of([case(), case()]) is Verdict.PASSED
    assert verdict_of([case(), case("error"), case("timeout")]) is Verdict.ERROR
    assert verdict_of([case("memory"), case("not_run")]) is Verdict.MEMORY


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.NOT_RUN])
def test_every_status_but_not_run_is_a_verdict_of_the_same_name(status: Status) -> None:
    assert verdict_of([case(status), case("not_run")]) == (status if status != "passed" else "fault")


def test_nothing_judged_is_our_own_fault() -> None:
    assert verdict_of([]) is Verdict.FAULT
    assert verdict_of([case(), case("not_run")]) is Verdict.FAULT


def test_the_total_weighs_the_shares_of_passed_cases() -> None:
    cases = [case(), case("failed", "gradient"), case(group="shapes"), case("error", "errors")]
    score = score_of(cases, WEIGHTS, speed(1.0))
    assert (score.correctness, score.shapes, score.speed) == (50.0, 50.0, 100.0)
    assert score.total == pytest.approx(0.6 * 50 + 0.25 * 50 + 15)


def test_what_was_not_measured_shares_its_weight_out() -> None:
    score = score_of([case(), case(group="shapes")], WEIGHTS)
    assert (score.total, score.speed) == (100.0, None)
    score = score_of([case("failed"), case(group="property")], WEIGHTS)
    assert (score.total, score.shapes) == (50.0, None)
    assert score_of([], WEIGHTS).total == 0.0
    assert score_of([case()], {"shapes": 1}).total == 0.0


@pytest.mark.parametrize("group", ["correctness", "gradient", "property", "distribution", "hygiene"])
def test_groups_of_correctness(group: str) -> None:
    score = score_of([case("failed", group), case(group="shapes")], WEIGHTS)
    assert (score.correctness, score.shapes) == (0.0, 100.0)


def test_who_refuses_everything_gets_nothing_for_it() -> None:
    assert score_of([case("error"), case("error", "shapes"), case(group="errors")], WEIGHTS).total == 0.0
    score = score_of([case(), case("error", "shapes"), case(group="errors")], WEIGHTS)
    assert (score.correctness, score.shapes) == (100.0, 50.0)


def test_a_failed_grade_never_looks_whole() -> None:
    score = score_of([case()] * 4999 + [case("failed")], WEIGHTS)
    assert score.total < 100
    assert score_of([case()] * 99 + [case("not_run")], WEIGHTS).total < 100


@pytest.mark.parametrize(
    ("ratio", "points"), [(5.0, 100), (1.0, 100), (0.1, 0), (0.01, 0), (0.0, 0), (10**-0.5, 50), (10**-0.25, 75)]
)
def test_speed_falls_with_the_logarithm_of_the_ratio(ratio: float, points: float) -> None:
    assert speed_score(speed(ratio)) == pytest.approx(points)


def test_speed_that_was_not_measured_has_no_score() -> None:
    assert speed_score(None) is None
