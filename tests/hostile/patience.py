"""Time that a busy machine does not use up: where a test is not about the clock, the clock must not decide."""

from __future__ import annotations

from dataclasses import replace

from katas.bank import Kata

PATIENCE = 120.0  # seconds; never met, a hang must end as a failed test


def patient(kata: Kata) -> Kata:
    """The kata with as much time a case; a grade's time is the grader's to set."""
    return replace(kata, limits={**kata.limits, "case_seconds": PATIENCE})
