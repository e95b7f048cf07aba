"""The figures of a report that page and terminal both show: cases by outcome, shapes, numbers, rows, points. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple, TypeVar

from app.terminal import visible
from graders.verdict import CaseResult, Shape, Status, TensorView

T = TypeVar("T")

PARTS = ("correctness", "shapes", "speed")  # of a score, in the order in which they are read


class Outcomes(NamedTuple):
    """The cases of a report by how they ended, each in the report's order."""

    passed: list[CaseResult]
    failed: list[CaseResult]  # in whatever way
    not_run: list[CaseResult]


def outcomes(cases: Sequence[CaseResult]) -> Outcomes:
    """Sorts the cases."""
    found = Outcomes([], [], [])
    for case in cases:
        other = found.not_run if case.status is Status.NOT_RUN else found.failed
        (found.passed if case.status is Status.PASSED else other).append(case)
    return found


def lengths(shape: Shape) -> list[str]:
    """`B=2` where the kata has a letter for the axis, else `2`."""
    axes = shape.axes if len(shape.axes) == len(shape.dims) else [""] * len(shape.dims)
    return [f"{axis}={n}" if axis else str(n) for axis, n in zip(axes, shape.dims, strict=True)]


def in_brackets(parts: Sequence[object]) -> str:
    """`(2, 5, 8)`."""
    return f"({', '.join(map(str, parts))})"


def is_whole(view: TensorView) -> bool:
    """Whether its numbers are integers or truth values."""
    return not view.dtype.startswith(("float", "bfloat"))


def number(value: float, *, whole: bool = False, nan: str = "NaN", infinity: str = "∞") -> str:
    """A value with the digits that matter; a terminal says `nan` and `inf` as torch does."""
    if not math.isfinite(value):
        return nan if math.isnan(value) else infinity if value > 0 else f"-{infinity}"
    return str(int(value)) if whole and value == int(value) else f"{value:.4g}"


def columns(view: TensorView) -> int:
    """Of its window; a vector is a row, a scalar one cell."""
    return view.window[-1] if view.window else 1


def in_rows(cells: Sequence[T], columns: int) -> list[Sequence[T]]:
    """The cells, which come row by row, in rows."""
    return [cells[n : n + columns] for n in range(0, len(cells), columns)] if columns > 0 else []


def worst_error(case: CaseResult) -> tuple[str, str] | None:
    """The worst error and the tolerance, where the error is beyond it: NaN always is."""
    error, tolerance = case.max_abs_error, case.tolerance
    return None if error is None or tolerance is None or error <= tolerance else (f"{error:.2g}", f"{tolerance:.2g}")


def points(value: float) -> str:
    """Points, rounded down: 99.96 is not 100."""
    return f"{math.floor(value * 10 + 1e-9) / 10:g}"


def printed(text: str) -> list[str]:
    """The lines of printed text, hidden characters written out. Equal ones that follow one another become one: a print in
    forward is seen once, not once a case."""
    runs = [(line, len(list(run))) for line, run in groupby(visible(text).rstrip("\n").split("\n"))]
    return [line if n == 1 else f"{line}  (× {n})" for line, n in runs]
