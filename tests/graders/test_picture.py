"""What a page draws of a failed comparison: no wrong element gets lost, and no report grows beyond its bounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
import torch
from torch import Tensor

from graders import picture
from graders.diagnose import Mistakes, Tried
from graders.grade import Grader
from graders.picture import draw, with_pictures
from graders.program import Outcome
from graders.verdict import CaseResult, Picture, Text
from katas.bank import Bank
from tests.graders import toy_katas

TITLE = Text(en="a", zh="b")


def drawn(expected: Tensor | None, actual: Tensor | None, axes: tuple[str, ...] = ()) -> Picture:
    (made,) = draw("difference", TITLE, "output", axes, expected, actual)
    return made


def cells(made: Picture) -> int:
    return made.rows * made.columns * len(made.slices)


def test_a_small_tensor_is_drawn_as_it_is() -> None:
    expected = torch.arange(12.0).reshape(2, 2, 3)
    actual = expected.clone()
    actual[1, 0, 2] = 5.5
    made = drawn(expected, actual, ("B", "L", "D"))
    assert (made.axes, made.shape, made.step, made.rows, made.columns) == (["B", "L", "D"], [2, 2, 3], [1, 1], 2, 3)
    assert [one.index for one in made.slices] == [[0], [1]]
    assert made.slices[1].expected == [6.0, 7.0, 8.0, 9.0, 10.0, 11.0]
    assert made.slices[1].actual == [6.0, 7.0, 5.5, 9.0, 10.0, 11.0]
    assert made.slices[1].difference == [0.0, 0.0, 2.5, 0.0, 0.0, 0.0]
    assert (made.minimum, made.maximum, made.worst, made.slice_count) == (0.0, 11.0, 2.5, 2)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (1, 1, 1, 1, 2)])
def test_a_number_a_vector_and_many_axes_are_drawn(shape: tuple[int, ...]) -> None:
    made = drawn(torch.zeros(shape), torch.ones(shape))
    assert made.rows == (shape[-2] if len(shape) > 1 else 1)
    assert made.columns == (shape[-1] if shape else 1)
    assert made.axes == [""] * len(shape)
    assert [len(one.index) for one in made.slices] == [max(0, len(shape) - 2)]
    assert made.worst == 1.0


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.uint8, torch.float16, torch.bfloat16])
def test_every_dtype_of_a_result_is_drawn(dtype: torch.dtype) -> None:
    made = drawn(torch.tensor([[0, 1]]).to(dtype), torch.tensor([[1, 1]]).to(dtype))
    assert made.slices[0].difference == [1.0, 0.0]


def test_nothing_is_drawn_of_what_has_no_element_no_order_or_no_end() -> None:
    empty, wide, complex_one = torch.zeros(0, 3), torch.zeros(1 << 11, 1 << 10), torch.zeros(2, dtype=torch.complex64)
    for tensor in (empty, wide, complex_one):
        assert draw("difference", TITLE, "output", [], tensor, tensor) == []


@pytest.mark.parametrize("seed", range(8))
def test_a_single_wrong_element_never_vanishes(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    shape = [int(n) for n in torch.randint(1, 70, (3,), generator=generator)]
    expected = torch.randn(*shape, generator=generator)
    place = tuple(int(torch.randint(0, n, (), generator=generator)) for n in shape)
    actual = expected.clone()
    actual[place] += 100
    made = drawn(expected, actual)
    shown = next(one for one in made.slices if one.index == [place[0]])
    assert shown.difference is not None
    assert shown.actual is not None
    at = (place[1] // made.step[0]) * made.columns + place[2] // made.step[1]
    assert shown.difference[at] == pytest.approx(100, rel=1e-3)
    assert shown.actual[at] == pytest.approx(float(actual[place]), rel=1e-3)
    assert sum(number > 1 for one in made.slices for number in one.difference or []) == 1


def test_a_large_tensor_is_bounded_and_keeps_its_worst_slices() -> None:
    expected = torch.zeros(40, 100, 200)
    actual = expected.clone()
    for number, size in ((3, 1.0), (17, 3.0), (39, 2.0)):
        actual[number, 99, 199] = size
    made = drawn(expected, actual)
    assert cells(made) <= picture.CELLS
    assert max(made.rows, made.columns) <= picture.SIDE
    assert made.slice_count == 40
    assert {(3,), (17,), (39,)} <= {tuple(one.index) for one in made.slices}
    assert made.slices == sorted(made.slices, key=lambda one: one.index)


def test_every_size_keeps_the_bounds() -> None:
    for slices, rows, columns in product((1, 3, 16, 33), (1, 7, 64, 65, 200), (1, 63, 64, 129)):
        made = drawn(torch.zeros(slices, rows, columns), torch.ones(slices, rows, columns))
        assert cells(made) <= picture.CELLS
        assert max(made.rows, made.columns) <= picture.SIDE
        assert len(made.slices) <= picture.SLICES
        assert made.rows == -(-rows // made.step[0])
        assert made.columns == -(-columns // made.step[1])


def test_nan_and_infinity_differ_from_numbers_and_not_from_themselves() -> None:
    nan, inf = math.nan, math.inf
    made = drawn(torch.tensor([[nan, inf, 1.0, 2.0, -inf]]), torch.tensor([[nan, inf, nan, inf, inf]]))
    difference = made.slices[0].difference
    assert difference is not None
    assert difference[:2] == [0.0, 0.0]
    assert math.isnan(difference[2])
    assert difference[3:] == [inf, inf]
    assert (made.nan_expected, made.nan_actual) == (1, 2)
    assert (made.minimum, made.maximum, made.worst) == (1.0, 2.0, 0.0)
    assert '"NaN"' in made.model_dump_json()


def test_numbers_have_four_digits() -> None:
    made = drawn(torch.tensor([math.pi * 1e-7]), torch.tensor([123456.0]))
    assert (made.slices[0].expected, made.slices[0].actual) == ([3.142e-07], [123500.0])


def test_letters_with_an_open_beginning_fit_any_number_of_axes() -> None:
    assert drawn(torch.zeros(2, 3, 4, 5), torch.ones(2, 3, 4, 5), ("...", "L", "E")).axes == ["", "", "L", "E"]
    assert drawn(torch.zeros(4, 5), torch.ones(4, 5), ("...", "L", "E")).axes == ["L", "E"]
    assert drawn(torch.zeros(4, 5), torch.ones(4, 5), ("B", "L", "D")).axes == ["", ""]


# -- of a grade ------------------------------------------------------------------------------------------------------


def tried(tmp_path: Path, cases: str, change: Callable[[Tensor], Tensor]) -> tuple[Mistakes, list[Tried]]:
    """Every case of a toy kata, `change` applied to the right results."""
    reference = toy_katas.function(tmp_path, cases)
    mistakes = Mistakes(reference)
    done = []
    for program in reference.programs(7):
        right = reference.outcome(program, program.dtype)
        outcome = Outcome([change(value) for value in right.results], None, 0, right.changed, right.inputs)
        done.append(Tried(program, outcome, toy_katas.judged(reference, program, outcome)))
    return mistakes, done


def test_passed_cases_get_no_pictures(tmp_path: Path) -> None:
    mistakes, done = tried(
        tmp_path, 'case = draw.case("a", "甲")\ncase.entry(case.normal(2, 3))\nyield case', torch.clone
    )
    assert [case.pictures for case in with_pictures(mistakes, None, done, [])] == [[]]


def test_the_smallest_failed_cases_get_pictures(tmp_path: Path) -> None:
    cases = "for n in (9, 2, 8, 3, 4):\n    case = draw.case(str(n), str(n))\n    case.entry(case.normal(n, 3))\n    yield case"
    mistakes, done = tried(tmp_path, cases, lambda value: value + 1)
    made = with_pictures(mistakes, None, done, [])
    assert [case.name for case in made if case.pictures] == ["2", "3", "4"]
    assert [case.name for case in made] == ["9", "2", "8", "3", "4"]
    assert all(case.pictures[0].worst == 1.0 for case in made if case.pictures)


def test_a_wrong_shape_is_two_pictures_without_a_difference(tmp_path: Path) -> None:
    cases = 'case = draw.case("a", "甲")\ncase.entry(case.normal(2, 3))\nyield case'
    mistakes, done = tried(tmp_path, cases, lambda value: value.T)
    (case,) = with_pictures(mistakes, None, done, [])
    assert [one.shape for one in case.pictures] == [[2, 3], [3, 2]]
    assert [one.slices[0].difference for one in case.pictures] == [None, None]
    assert case.pictures[0].slices[0].actual is None
    assert case.pictures[1].slices[0].expected is None


def test_a_report_of_large_wrong_tensors_stays_small(tmp_path: Path) -> None:
    cases = "for n in range(6):\n    case = draw.case(str(n), str(n))\n    case.entry(case.normal(16, 90, 90))\n    yield case"
    mistakes, done = tried(tmp_path, cases, lambda value: -value)
    made = with_pictures(mistakes, None, done, [])
    drawings = [one for case in made for one in case.pictures]
    assert drawings
    assert sum(cells(one) for one in drawings) <= picture.REPORT_CELLS
    assert sum(len(case.model_dump_json()) for case in made) < 1_000_000


# -- attention -------------------------------------------------------------------------------------------------------


def attention(case: CaseResult) -> list[Picture]:
    return [one for one in case.pictures if one.kind == "attention"]


def wrong(grader: Grader, bank: Bank, kata: str, mistake: str) -> list[CaseResult]:
    """The failed cases with pictures of a mistake, graded as a submission."""
    found = next(one for one in bank.kata(kata).mistakes if one.id == mistake)
    report = grader.grade(bank.kata(kata), found.source.encode(), seed=5)
    assert [one.id for one in report.diagnosis] == [mistake]
    return [case for case in report.cases if case.pictures]


@pytest.mark.parametrize(
    ("kata", "mistake"),
    [
        ("multi_head_attention", "softmax_over_queries"),
        ("scaled_dot_product_attention", "scores_not_scaled"),
        ("causal_self_attention", "past_hidden_instead_of_future"),
        ("transformer_encoder_layer", "masks_inverted"),  # it calls torch's own operator
    ],
)
def test_a_named_mistake_shows_its_weights_beside_the_right_ones(
    grader: Grader, bank: Bank, kata: str, mistake: str
) -> None:
    cases = wrong(grader, bank, kata, mistake)
    pictures = [one for case in cases for one in attention(case)]
    assert pictures
    for made in pictures:
        assert made.axes[-2:] == ["L", "S"]
        assert made.worst is None or made.worst > 1e-3
        for one in made.slices:
            assert one.expected is not None
            assert one.actual is not None
            rows = [one.expected[at : at + made.columns] for at in range(0, len(one.expected), made.columns)]
            assert all(sum(row) == pytest.approx(1, abs=2e-3) or sum(row) == 0 for row in rows)


def test_softmax_over_the_queries_is_seen_in_the_columns(grader: Grader, bank: Bank) -> None:
    for case in wrong(grader, bank, "scaled_dot_product_attention", "softmax_over_queries"):
        for made in attention(case):
            for one in made.slices:
                assert one.actual is not None
                columns = [one.actual[at :: made.columns] for at in range(made.columns)]
                assert all(sum(column) == pytest.approx(1, abs=2e-3) for column in columns)


def test_weights_that_are_right_are_not_shown(grader: Grader, bank: Bank) -> None:
    cases = wrong(grader, bank, "multi_head_attention", "output_projection_left_out")
    assert cases
    assert [one for case in cases for one in attention(case)] == []


NAMELESS = b"""
def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    return (query @ key.transpose(-2, -1)).sin() @ value
"""


def test_wrong_numbers_without_a_name_show_the_right_weights_alone(grader: Grader, bank: Bank) -> None:
    report = grader.grade(bank.kata("scaled_dot_product_attention"), NAMELESS)
    made = [one for case in report.cases for one in attention(case)]
    assert made
    assert all(one.actual is None and one.expected is not None for picture in made for one in picture.slices)


def test_pictures_change_no_verdict(grader: Grader, bank: Bank) -> None:
    kata = bank.kata("scaled_dot_product_attention")
    seen: list[CaseResult] = []
    report = grader.grade(kata, kata.mistakes[0].source.encode(), on_progress=seen.append)
    assert [case.model_copy(update={"pictures": []}) for case in report.cases] == seen
