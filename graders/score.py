"""From case results to a verdict and a score; pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from graders.verdict import CaseResult, Score, Speed, Status, Verdict
from katas.script import Group

SHAPES = (Group.SHAPES, Group.ERRORS)


def verdict_of(cases: Sequence[CaseResult]) -> Verdict:
    """The first status that is not passed (and not a consequence, as not_run), else passed."""
    for case in cases:
        if case.status not in (Status.PASSED, Status.NOT_RUN):
            return Verdict(case.status.value)
    if not cases or any(case.status is Status.NOT_RUN for case in cases):
        return Verdict.FAULT  # nothing went wrong and not everything ran: that is not the learner's doing
    return Verdict.PASSED


def score_of(cases: Sequence[CaseResult], weights: dict[str, int], speed: Speed | None = None) -> Score:
    """0 to 100: shares of passed cases, weighted; what was not judged or measured shares its weight out.

    A refusal counts where something was answered as well: to raise whatever comes is no work.
    """
    answered = any(case.status is Status.PASSED and case.group != Group.ERRORS for case in cases)
    shapes = _share([case for case in cases if case.group in SHAPES], answered)
    correctness = _share([case for case in cases if case.group not in SHAPES], answered)
    parts = {"correctness": correctness, "shapes": shapes, "speed": speed_score(speed)}
    known = {name: value for name, value in parts.items() if value is not None and weights.get(name, 0) > 0}
    weight = sum(weights[name] for name in known)
    total = sum(value * weights[name] for name, value in known.items()) / weight if weight else 0.0
    if any(case.status is not Status.PASSED for case in cases):
        total = min(total, 99.9)  # rounding never makes a failed grade look whole
    return Score(total=round(total, 1), **{name: None if v is None else round(v, 1) for name, v in parts.items()})


def _share(cases: Sequence[CaseResult], answered: bool) -> float | None:
    if not cases:
        return None
    return 100.0 * sum(case.status is Status.PASSED for case in cases) / len(cases) if answered else 0.0


def speed_score(speed: Speed | None) -> float | None:
    """100 at or above the reference's speed, falling with the logarithm of the ratio to 0 at ten times slower."""
    if speed is None:
        return None
    return 100.0 * min(1.0, max(0.0, 1.0 + math.log10(max(speed.ratio, 1e-9))))
