"""The figures that page and terminal share."""

from __future__ import annotations

import math

import pytest

from app.reports import figures
from graders.verdict import CaseResult, Shape, Status, TensorView, Text


def case(status: Status, **more: float) -> CaseResult:
    """A case without anything to show."""
    return CaseResult.model_validate(
        {"name": status, "title": Text(en="t", zh="t"), "group": "shapes", "visible": True, "status": status, **more}
    )


def test_every_status_is_one_outcome_and_the_order_stays() -> None:
    cases = [case(status) for status in Status]
    passed, failed, not_run = figures.outcomes(cases)
    assert ([one.name for one in passed], [one.name for one in not_run]) == ([Status.PASSED], [Status.NOT_RUN])
    assert failed == [one for one in cases if one.status not in (Status.PASSED, Status.NOT_RUN)]


@pytest.mark.parametrize(
    ("dims", "axes", "said"),
    [
        ([2, 5], ["B", "L"], ["B=2", "L=5"]),
        ([2, 5], ["", "L"], ["2", "L=5"]),
        ([2, 5], [], ["2", "5"]),
        ([2, 5, 8], ["B"], ["2", "5", "8"]),  # letters for another rank: no length may get lost
        ([2], ["B", "L"], ["2"]),
        ([], [], []),
    ],
)
def test_a_shape_says_every_length(dims: list[int], axes: list[str], said: list[str]) -> None:
    assert figures.lengths(Shape(name="x", dims=dims, axes=axes)) == said


@pytest.mark.parametrize(
    ("value", "whole", "page", "terminal"),
    [
        (1.0, True, "1", "1"),
        (0.123456, False, "0.1235", "0.1235"),
        (1e30, False, "1e+30", "1e+30"),
        (math.nan, True, "NaN", "nan"),
        (math.inf, False, "∞", "inf"),
        (-math.inf, False, "-∞", "-inf"),
    ],
)
def test_numbers_have_the_digits_that_matter(value: float, whole: bool, page: str, terminal: str) -> None:
    assert figures.number(value, whole=whole) == page
    assert figures.number(value, whole=whole, nan="nan", infinity="inf") == terminal


@pytest.mark.parametrize(
    ("window", "count", "rows"),
    [([], 1, [[0]]), ([3], 3, [[0, 1, 2]]), ([2, 2], 4, [[0, 1], [2, 3]]), ([2, 0], 0, []), ([0], 0, [])],
)
def test_a_window_is_cut_into_its_rows(window: list[int], count: int, rows: list[list[int]]) -> None:
    view = TensorView(dtype="int64", shape=window, start=[0] * len(window), window=window, values=[1.0] * count)
    assert figures.in_rows(list(range(count)), figures.columns(view)) == rows


@pytest.mark.parametrize(("dtype", "whole"), [("float32", False), ("bfloat16", False), ("int64", True), ("bool", True)])
def test_only_floating_numbers_have_a_fraction(dtype: str, whole: bool) -> None:
    view = TensorView(dtype=dtype, shape=[], start=[], window=[], values=[1.0])
    assert figures.is_whole(view) is whole


@pytest.mark.parametrize(
    ("error", "tolerance", "said"),
    [
        (2.75, 1.9e-6, ("2.8", "1.9e-06")),
        (math.nan, 1e-6, ("nan", "1e-06")),
        (1e-6, 1e-6, None),
        (None, 1e-6, None),
        (1.0, None, None),
    ],
)
def test_an_error_is_told_only_where_it_is_beyond_the_tolerance(
    error: float | None, tolerance: float | None, said: tuple[str, str] | None
) -> None:
    one = case(Status.FAILED).model_copy(update={"max_abs_error": error, "tolerance": tolerance})
    assert figures.worst_error(one) == said


@pytest.mark.parametrize(("value", "said"), [(100.0, "100"), (99.96, "99.9"), (0.3, "0.3"), (0.0, "0")])
def test_points_are_rounded_down(value: float, said: str) -> None:
    assert figures.points(value) == said


def test_equal_lines_that_follow_one_another_become_one() -> None:
    assert figures.printed("a\na\nb\x1b\na\n\n") == ["a  (× 2)", "b\\x1b", "a"]
