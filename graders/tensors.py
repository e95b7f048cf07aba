"""Judges one tensor, by the rule of docs/format.md: max |actual - ref64| <= factor * max(own error, eps * scale).

The own error is that of the reference computed in the case's dtype; scale is max |ref64|, or for gradients the largest
gradient of the case. NaN and infinity must stand at exactly the places where the reference has them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from graders.verdict import TensorView, Text

WINDOW = 8  # rows and columns of a view


class Mismatch(Exception):
    """Ends the comparison of a case with its first finding; `fields` go into the CaseResult, `pair` into its picture."""

    def __init__(
        self, check: str, en: str, zh: str, *, pair: tuple[Tensor, Tensor] | None = None, **fields: Any
    ) -> None:
        super().__init__(en)
        self.check = check
        self.text = Text(en=en, zh=zh)
        self.pair = pair  # expected and actual
        self.fields = fields


def _dims(shape: torch.Size, axes: list[str]) -> str:
    if axes and axes[0] == "...":
        axes = [""] * (len(shape) - len(axes) + 1) + axes[1:]
    if len(axes) == len(shape) and shape:
        return (
            "("
            + ", ".join(f"{axis}={size}" if axis else str(size) for axis, size in zip(axes, shape, strict=True))
            + ")"
        )
    return str(tuple(shape))


def check_tensor(
    where: str,
    expected: Tensor,
    actual: Tensor,
    dtype: torch.dtype,
    scale: float,
    rounded: Callable[[], Tensor | None],
    factor: float,
    axes: list[str],
) -> None:
    """Shape, dtype, then values. `expected` is float64 or integer; `rounded` gives the reference in the case's dtype."""
    if actual.shape != expected.shape:
        got, want = _dims(actual.shape, []), _dims(expected.shape, axes)
        raise Mismatch(
            "shape",
            f"{where} has shape {got}, expected {want}",
            f"{where} 的形状是 {got}，应为 {want}",
            pair=(expected, actual),
            where=where,
        )
    if actual.dtype != dtype:
        got, want = str(actual.dtype).removeprefix("torch."), str(dtype).removeprefix("torch.")
        raise Mismatch(
            "dtype", f"{where} has dtype {got}, expected {want}", f"{where} 的 dtype 是 {got}，应为 {want}", where=where
        )
    if not expected.is_floating_point():
        bad = actual != expected
        if bool(bad.any()):
            raise _wrong_values(where, expected, actual, bad, None, None)
        return
    value = actual.double()
    limit = factor * torch.finfo(dtype).eps * scale
    bad, error = differing(value, expected, limit)
    if not bool(bad.any()):
        return
    other = rounded()
    if other is not None and other.shape == expected.shape:
        own = differing(other.double(), expected, math.inf)[1]
        limit = max(limit, factor * own)
        bad, error = differing(value, expected, limit)
        if not bool(bad.any()):
            return
    raise _wrong_values(where, expected, actual, bad, error, limit)


def differing(value: Tensor, expected: Tensor, limit: float) -> tuple[Tensor, float]:
    """(places that differ by more than `limit`, the largest finite difference); NaN and infinity match only themselves."""
    gap = (value - expected).abs()
    worst = float(gap.max()) if gap.numel() else 0.0
    if worst <= limit < math.inf:  # the usual case, told by one reduction; a NaN is never below the limit
        return torch.zeros((), dtype=torch.bool), worst
    same = (value == expected) | (value.isnan() & expected.isnan())
    finite = gap.isfinite()
    largest = float(gap.masked_fill(~finite, 0.0).max()) if gap.numel() else 0.0
    return ~same & ~(finite & (gap <= limit)), largest


def largest(tensor: Tensor) -> float:
    """The largest finite magnitude, 0 where there is none."""
    if not tensor.numel():
        return 0.0
    size = tensor.double().abs()
    whole = float(size.max())
    return whole if math.isfinite(whole) else float(size.masked_fill(~size.isfinite(), 0.0).max())


def _wrong_values(
    where: str, expected: Tensor, actual: Tensor, bad: Tensor, error: float | None, limit: float | None
) -> Mismatch:
    count, total = int(bad.sum()), bad.numel()
    first = [int(n) for n in bad.nonzero()[0]] if bad.dim() else []
    at = tuple(first)
    got_nan = int(actual.isnan().sum()) - int(expected.isnan().sum()) if actual.is_floating_point() else 0
    en = f"{count} of {total} values of {where} differ" if total > 1 else f"{where} differs"
    zh = f"{where} 的 {total} 个值里有 {count} 个不对" if total > 1 else f"{where} 不对"
    if got_nan > 0:
        en, zh = f"{en}; {got_nan} of them are NaN", f"{zh}，其中 {got_nan} 个是 NaN"
    relative = None
    if error is not None:
        size = expected.double().abs().masked_fill(~expected.double().isfinite(), 0.0)
        gap = (actual.double() - expected.double()).abs()
        ratio = gap / size.clamp_min(torch.finfo(torch.float64).tiny)
        ratio = ratio[bad & ratio.isfinite()]
        relative = float(ratio.max()) if ratio.numel() else None
    return Mismatch(
        "value",
        en,
        zh,
        pair=(expected, actual),
        where=where,
        expected=view(expected, at),
        actual=view(actual, at),
        first_bad_index=first,
        bad_count=count,
        count=total,
        max_abs_error=error,
        max_rel_error=relative,
        tolerance=limit,
    )


def view(tensor: Tensor, at: tuple[int, ...]) -> TensorView:
    """The window of the last two axes that holds `at`."""
    start = list(at)
    window = []
    for axis in range(max(0, tensor.dim() - 2), tensor.dim()):
        size = tensor.shape[axis]
        start[axis] = min(max(0, at[axis] - WINDOW // 2), max(0, size - WINDOW))
        window.append(min(WINDOW, size))
    part = tensor
    for axis in range(tensor.dim() - len(window)):
        part = part[at[axis]]
    for axis, size in enumerate(window):
        part = part.narrow(axis, start[tensor.dim() - len(window) + axis], size)
    numbers = tensor.double()
    known = numbers[~numbers.isnan()]
    return TensorView(
        dtype=str(tensor.dtype).removeprefix("torch."),
        shape=list(tensor.shape),
        start=start,
        window=window,
        values=[float(number) for number in part.reshape(-1).double()],
        minimum=float(known.min()) if known.numel() else None,
        maximum=float(known.max()) if known.numel() else None,
        nan_count=numbers.numel() - known.numel(),
    )
