"""Pictures of a failed comparison: expected, actual and where they differ, small enough to be drawn on a page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from graders.attention import attention_maps
from graders.binding import Binding
from graders.compare import first_mismatch, letters
from graders.diagnose import Mistakes, Tried, close, size, yardstick
from graders.program import Program
from graders.verdict import CaseResult, Diagnosis, Picture, Slice, Status, Text
from katas.bank import Mistake

SIDE = 64  # rows and columns of a drawn slice, at most
SLICES = 16
CELLS = 8192  # of one picture: 3 numbers each, 11 characters a number at the most
REPORT_CELLS = 24_000  # of all pictures of a report: under a megabyte of JSON
PLAIN_CELLS = 1024  # a slice keeps as many before slices are left out
CASES = 3  # that get pictures
LOOKED_AT = 8  # failed cases that are looked at for something to draw
MAX_ELEMENTS = 1 << 20  # of a tensor; a larger one is not drawn
DIGITS = 4
SAME = 1e-4  # of the largest weight: what a picture cannot show

Kind = Literal["difference", "attention"]


def with_pictures(
    mistakes: Mistakes, binding: Binding | None, tried: Sequence[Tried], diagnosis: Sequence[Diagnosis]
) -> list[CaseResult]:
    """The results of a grade, the first few failed ones with pictures, smallest first. Costs nothing when all passed."""
    failed = [one for one in tried if one.result.status is Status.FAILED and _has_numbers(one)]
    drawn: dict[int, list[Picture]] = {}
    left = REPORT_CELLS
    for one in sorted(failed, key=size)[:LOOKED_AT]:
        if len(drawn) == CASES:
            break
        pictures = _of_case(mistakes, binding, one, diagnosis)
        left -= sum(picture.rows * picture.columns * len(picture.slices) for picture in pictures)
        if left < 0:
            break
        if pictures:
            drawn[id(one)] = pictures
    return [
        one.result.model_copy(update={"pictures": drawn[id(one)]}) if id(one) in drawn else one.result for one in tried
    ]


def _has_numbers(one: Tried) -> bool:
    """Whether there is an outcome to compare: an exception, wanted or not, leaves none."""
    return one.program.case.refusal is None and one.outcome is not None and one.outcome.error is None


def _of_case(mistakes: Mistakes, binding: Binding | None, one: Tried, diagnosis: Sequence[Diagnosis]) -> list[Picture]:
    assert one.outcome is not None
    found = first_mismatch(yardstick(mistakes.reference, one.program, binding), one.outcome)
    if found is None or found.pair is None:
        return []
    where = str(found.fields.get("where", "output"))
    pictures = _comparison(where, *found.pair, letters(where, mistakes.kata))
    if pictures and found.check in ("value", "relation"):
        pictures += _attention(mistakes, one, diagnosis)
    return pictures


def _comparison(where: str, expected: Tensor, actual: Tensor, axes: Sequence[str]) -> list[Picture]:
    if expected.shape == actual.shape:
        title = Text(en=f"{where}: where it differs", zh=f"{where}：哪里不同")
        return draw("difference", title, where, axes, expected, actual)
    came = Text(en=f"{where} as it came", zh=f"{where}：实际得到的")
    return [
        *draw("difference", Text(en=f"{where} as expected", zh=f"{where}：期望的"), where, axes, expected, None),
        *draw("difference", came, where, [], None, actual),
    ]


# -- attention -------------------------------------------------------------------------------------------------------

NAME = "attention weights"
WEIGHTS = ("B", "H", "L", "S")  # their axes, the last ones of them where a map has fewer


def _attention(mistakes: Mistakes, one: Tried, diagnosis: Sequence[Diagnosis]) -> list[Picture]:
    """The weights that the reference computes in this case, beside those of the mistake that gives the same numbers."""
    right = attention_maps(one.program, mistakes.reference.entry, torch.float64)
    if not right:
        return []
    mistake = _same_mistake(mistakes, one.program, diagnosis)
    if mistake is None:
        title = Text(en="attention weights of a right answer", zh="正确答案的注意力权重")
        return draw("attention", title, NAME, WEIGHTS, right[0], None)
    wrong = attention_maps(one.program, mistakes.entry(mistake), one.program.dtype)
    for expected, actual in zip(right, wrong, strict=False):
        if expected.shape != actual.shape:
            wanted = Text(en="attention weights as expected", zh="期望的注意力权重")
            came = Text(en="attention weights as yours come out", zh="你的注意力权重")
            return [
                *draw("attention", wanted, NAME, WEIGHTS, expected, None),
                *draw("attention", came, NAME, WEIGHTS, None, actual),
            ]
        if not close(actual, expected, SAME):
            title = Text(en="attention weights: where they differ", zh="注意力权重：哪里不同")
            return draw("attention", title, NAME, WEIGHTS, expected, actual)
    return []  # the weights are right: what is wrong comes after them


def _same_mistake(mistakes: Mistakes, program: Program, diagnosis: Sequence[Diagnosis]) -> Mistake | None:
    """The first named mistake that this case is evidence for: it gave the submission's numbers."""
    known = {mistake.id: mistake for mistake in mistakes.kata.mistakes}
    named = (one.id for one in diagnosis if program.case.name in one.evidence)
    return next((known[name] for name in named if name in known), None)


# -- drawing ---------------------------------------------------------------------------------------------------------


def draw(
    kind: Kind, title: Text, name: str, axes: Sequence[str], expected: Tensor | None, actual: Tensor | None
) -> list[Picture]:
    """One picture, or none where there is nothing that could be drawn. Two tensors have one shape."""
    given = [tensor for tensor in (expected, actual) if tensor is not None]
    shape = given[0].shape
    if any(tensor.is_complex() for tensor in given) or not 0 < shape.numel() <= MAX_ELEMENTS:
        return []
    maps = {
        map_name: tensor.detach().double().reshape(-1, *_last_two(shape))
        for map_name, tensor in (("expected", expected), ("actual", actual))
        if tensor is not None
    }
    if len(maps) == 2:
        maps["difference"] = _difference(maps["expected"], maps["actual"])
        rank = maps["difference"]
    else:
        rank = next(iter(maps.values())).abs()
    rank = rank.nan_to_num(nan=math.inf)  # where only one is NaN: nothing differs more
    chosen, step = _chosen(rank)
    place, rows, columns = _worst_of_blocks(rank[chosen], step)
    cells = {map_name: _cells(values[chosen], place, step) for map_name, values in maps.items()}
    lead = shape[:-2]
    slices = [
        Slice.model_construct(
            index=_unravelled(number, lead),
            expected=cells["expected"][at] if "expected" in cells else None,
            actual=cells["actual"][at] if "actual" in cells else None,
            difference=cells["difference"][at] if "difference" in cells else None,
        )
        for at, number in enumerate(chosen)
    ]
    numbers = torch.cat([maps[one].reshape(-1) for one in ("expected", "actual") if one in maps])
    numbers = numbers[numbers.isfinite()]
    worst = maps["difference"][maps["difference"].isfinite()] if "difference" in maps else numbers[:0]
    return [
        Picture(
            kind=kind,
            title=title,
            name=name,
            axes=_letters(axes, len(shape)),
            shape=list(shape),
            step=list(step),
            rows=rows,
            columns=columns,
            slices=slices,
            slice_count=rank.shape[0],
            minimum=short(float(numbers.min())) if numbers.numel() else None,
            maximum=short(float(numbers.max())) if numbers.numel() else None,
            worst=short(float(worst.max())) if worst.numel() else None,
            nan_expected=int(maps["expected"].isnan().sum()) if "expected" in maps else 0,
            nan_actual=int(maps["actual"].isnan().sum()) if "actual" in maps else 0,
        )
    ]


def _last_two(shape: torch.Size) -> tuple[int, int]:
    """Rows and columns: a vector is one row, a number one cell."""
    *_, rows, columns = 1, 1, *shape
    return rows, columns


def _unravelled(number: int, lead: Sequence[int]) -> list[int]:
    """The indices on the leading axes. torch.unravel_index imports sympy."""
    index: list[int] = []
    for length in reversed(lead):
        number, at = divmod(number, length)
        index.insert(0, at)
    return index


def _letters(axes: Sequence[str], dims: int) -> list[str]:
    """One letter a dimension, or an empty word: `... L E` fits any number, and so do the axes of attention weights."""
    if axes and axes[0] == "...":
        axes = [""] * (dims - len(axes) + 1) + list(axes[1:])
    elif tuple(axes) == WEIGHTS:
        axes = WEIGHTS[-dims:] if dims != 3 else ("B", "L", "S")
    return list(axes) if len(axes) == dims else [""] * dims


def _difference(expected: Tensor, actual: Tensor) -> Tensor:
    same = (expected == actual) | (expected.isnan() & actual.isnan())  # infinity less infinity would be NaN
    return (expected - actual).abs().masked_fill(same, 0.0)


def _chosen(rank: Tensor) -> tuple[list[int], tuple[int, int]]:
    """Numbers of the slices to draw, those that differ most, and the size of a block."""
    slices, rows, columns = rank.shape
    count = min(slices, SLICES)
    high, wide = min(rows, SIDE), min(columns, SIDE)
    if count * high * wide > CELLS:
        count = max(1, min(count, CELLS // min(high * wide, PLAIN_CELLS)))
    step = [-(-rows // SIDE), -(-columns // SIDE)]
    while count * -(-rows // step[0]) * -(-columns // step[1]) > CELLS:
        step[0 if -(-rows // step[0]) >= -(-columns // step[1]) else 1] += 1
    order = rank.amax(dim=(1, 2)).sort(descending=True, stable=True).indices
    return sorted(int(number) for number in order[:count]), (step[0], step[1])


def _blocks(values: Tensor, step: tuple[int, int], fill: float) -> Tensor:
    """(slices, rows, columns) -> (slices, drawn rows, drawn columns, elements of a block)."""
    count, rows, columns = values.shape
    high, wide = -(-rows // step[0]), -(-columns // step[1])
    whole = values.new_full((count, high * step[0], wide * step[1]), fill)
    whole[:, :rows, :columns] = values
    return whole.reshape(count, high, step[0], wide, step[1]).transpose(2, 3).reshape(count, high, wide, -1)


def _worst_of_blocks(rank: Tensor, step: tuple[int, int]) -> tuple[Tensor, int, int]:
    """Which element of each block is drawn, and how many rows and columns that makes."""
    place = _blocks(rank, step, -1.0).argmax(dim=-1, keepdim=True)
    return place, place.shape[1], place.shape[2]


def _cells(values: Tensor, place: Tensor, step: tuple[int, int]) -> list[list[float]]:
    chosen = _blocks(values, step, 0.0).gather(-1, place).reshape(values.shape[0], -1)
    return [[short(number) for number in row] for row in chosen.tolist()]


def short(number: float) -> float:
    """A number of four significant digits."""
    return float(f"{number:.{DIGITS}g}")
