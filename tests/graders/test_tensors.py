"""One tensor against another: shape, dtype, then values by the rule of docs/format.md."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from graders.tensors import Mismatch, check_tensor, differing, largest, view

NAN, INF = float("nan"), float("inf")
EPS = torch.finfo(torch.float32).eps


def check(
    expected: Tensor,
    actual: Tensor,
    rounded: Tensor | None = None,
    dtype: torch.dtype = torch.float32,
    scale: float | None = None,
    axes: str = "",
) -> None:
    scale = largest(expected) if scale is None else scale
    check_tensor("output", expected, actual, dtype, scale, lambda: rounded, 16.0, axes.split())


def mismatch(expected: Tensor, actual: Tensor, **more: object) -> Mismatch:
    with pytest.raises(Mismatch) as caught:
        check(expected, actual, **more)  # type: ignore[arg-type]
    return caught.value


def test_equal_values_pass_and_so_do_rounded_ones() -> None:
    expected = torch.tensor([1.0, -1000.0, 1e-9], dtype=torch.float64)
    check(expected, expected.float())
    check(expected, (expected + 15 * EPS * 1000).float())


def test_the_tolerance_is_measured_in_the_largest_value() -> None:
    expected = torch.tensor([1000.0, 0.0], dtype=torch.float64)
    check(expected, torch.tensor([1000.0, 15 * EPS * 1000]))
    found = mismatch(expected, torch.tensor([1000.0, 17 * EPS * 1000]))
    assert found.check == "value"
    assert found.fields["first_bad_index"] == [1]
    assert found.fields["tolerance"] == pytest.approx(16 * EPS * 1000)
    assert found.fields["max_abs_error"] == pytest.approx(17 * EPS * 1000)


def test_the_references_own_error_widens_the_tolerance() -> None:
    expected = torch.tensor([1.0, 2.0], dtype=torch.float64)
    actual = torch.tensor([1.0, 2.001])
    mismatch(expected, actual)
    check(expected, actual, rounded=torch.tensor([1.0001, 2.0]))
    assert mismatch(expected, actual, rounded=torch.tensor([1.00001, 2.0])).fields["tolerance"] == pytest.approx(
        16e-5, rel=0.1
    )


def test_the_reference_in_the_dtype_is_asked_for_only_when_it_matters() -> None:
    def never() -> Tensor | None:
        raise AssertionError

    expected = torch.ones(3, dtype=torch.float64)
    check_tensor("output", expected, expected.float(), torch.float32, 1.0, never, 16.0, [])


@pytest.mark.parametrize(
    ("expected", "actual", "right"),
    [
        ([NAN, 1.0], [NAN, 1.0], True),
        ([INF, 1.0], [INF, 1.0], True),
        ([-INF, 1.0], [-INF, 1.0], True),
        ([INF, 1.0], [-INF, 1.0], False),
        ([INF, 1.0], [NAN, 1.0], False),
        ([NAN, 1.0], [1.0, NAN], False),
        ([1.0, 1.0], [1.0, INF], False),
        ([NAN, 1.0], [0.0, 1.0], False),
        ([INF, 1.0], [3.4e38, 1.0], False),
    ],
)
def test_nan_and_infinity_must_stand_at_the_same_places(
    expected: list[float], actual: list[float], right: bool
) -> None:
    pair = torch.tensor(expected, dtype=torch.float64), torch.tensor(actual)
    if right:
        check(*pair)
    else:
        assert mismatch(*pair, rounded=pair[0].float()).check == "value"


def test_nan_in_the_result_is_counted_and_the_other_numbers_are_still_told() -> None:
    found = mismatch(torch.tensor([[1.0, 2.0]]).double(), torch.tensor([[NAN, 5.0]]))
    assert "1 of them are NaN" in found.text.en
    assert (found.fields["bad_count"], found.fields["count"]) == (2, 2)
    assert found.fields["max_abs_error"] == 3.0
    assert found.fields["max_rel_error"] == 1.5


def test_an_infinite_own_error_lets_nothing_infinite_pass() -> None:
    expected = torch.tensor([1e5, 1.0], dtype=torch.float64)
    rounded = torch.tensor([INF, 1.0], dtype=torch.float16)
    assert mismatch(expected, rounded, rounded=rounded, dtype=torch.float16).check == "value"


def test_another_shape_is_told_with_the_names_of_the_axes() -> None:
    found = mismatch(torch.zeros(2, 5, 8).double(), torch.zeros(5, 2, 8), axes="B L D")
    assert found.check == "shape"
    assert found.text.en == "output has shape (5, 2, 8), expected (B=2, L=5, D=8)"
    assert "应为 (B=2, L=5, D=8)" in found.text.zh
    assert "(2, L=5, D=8)" in mismatch(torch.zeros(2, 5, 8).double(), torch.zeros(1), axes="... L D").text.en
    assert "expected (2, 5)" in mismatch(torch.zeros(2, 5).double(), torch.zeros(1), axes="B L D").text.en
    assert "expected ()" in mismatch(torch.zeros(()).double(), torch.zeros(1), axes="B").text.en


def test_another_dtype_is_told_even_when_the_values_agree() -> None:
    found = mismatch(torch.ones(2).double(), torch.ones(2), dtype=torch.float16)
    assert found.check == "dtype"
    assert found.text.en == "output has dtype float32, expected float16"


def test_whole_numbers_and_bools_must_be_equal() -> None:
    ids = torch.tensor([[1, 2], [3, 4]])
    check(ids, ids.clone(), dtype=torch.int64)
    found = mismatch(ids, torch.tensor([[1, 2], [0, 4]]), dtype=torch.int64)
    assert found.fields["first_bad_index"] == [1, 0]
    assert found.fields["tolerance"] is None
    assert mismatch(torch.tensor([True]), torch.tensor([False]), dtype=torch.bool).text.en == "output differs"


def test_a_scalar_and_an_empty_tensor_are_judged() -> None:
    check(torch.zeros(0, 3).double(), torch.zeros(0, 3))
    found = mismatch(torch.tensor(1.0).double(), torch.tensor(2.0))
    assert found.fields["first_bad_index"] == []
    assert found.fields["expected"].values == [1.0]


def test_zeros_are_judged_by_the_scale_that_is_given() -> None:
    zeros = torch.zeros(2, dtype=torch.float64)
    check(zeros, torch.full((2,), 15 * EPS), scale=1.0)
    mismatch(zeros, torch.full((2,), 17 * EPS), scale=1.0)


def test_differing_counts_overflowing_gaps_as_different() -> None:
    bad, error = differing(torch.tensor([1.7e308]).double(), torch.tensor([-1.7e308]).double(), math.inf)
    assert bool(bad.all())
    assert error == 0.0


def test_largest_ignores_what_is_not_finite() -> None:
    assert largest(torch.tensor([1.0, -3.0, NAN, INF])) == 3.0
    assert largest(torch.tensor([NAN])) == 0.0
    assert largest(torch.empty(0)) == 0.0
    assert largest(torch.tensor([3, -4])) == 4.0


def test_a_view_shows_the_window_around_a_place() -> None:
    tensor = torch.arange(2 * 20 * 30.0).reshape(2, 20, 30)
    seen = view(tensor, (1, 19, 2))
    assert (seen.start, seen.window, seen.shape) == ([1, 12, 0], [8, 8], [2, 20, 30])
    assert seen.values == tensor[1, 12:20, 0:8].reshape(-1).tolist()
    assert (seen.minimum, seen.maximum, seen.nan_count) == (0.0, 1199.0, 0)


def test_a_view_of_small_tensors_shows_all_of_them() -> None:
    assert view(torch.tensor([[1.0, NAN]]), (0, 1)).window == [1, 2]
    assert view(torch.tensor([[1.0, NAN]]), (0, 1)).nan_count == 1
    assert view(torch.tensor([True, False]), (0,)).values == [1.0, 0.0]
    assert view(torch.tensor(5), ()).values == [5.0]
    assert view(torch.tensor([NAN]), (0,)).minimum is None
