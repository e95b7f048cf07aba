"""One case: what came from the jail against the reference, on toy katas whose right answer is plain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from graders.binding import Binding, Piece
from graders.compare import judge, traceback_lines
from graders.diagnose import yardstick
from graders.program import Outcome, Reference, Strange, carry_out
from graders.verdict import CaseResult, Status
from tests.graders import toy_katas
from tests.graders.toy_katas import LINEAR, LINEAR_WEIGHTS, function, judged, only


def kind_of(value: object) -> str:
    return type(value).__name__


ONE = 'case = draw.case("one", "一"{more})\n{body}\nyield case'


def made(folder: Path, body: str, answer: str = toy_katas.DOUBLE, more: str = "", toml: str = "") -> Reference:
    return function(folder, ONE.format(body=body, more=more), answer=answer, more=toml)


def given(reference: Reference, entry: Callable[..., Any]) -> CaseResult:
    """The result of another entry on the one case."""
    program = only(reference)
    return judged(reference, program, carry_out(program, entry, program.dtype, program.constructs))


def told(reference: Reference, *results: Any, **more: Any) -> CaseResult:
    """The result of results that were never computed."""
    return judged(reference, only(reference), Outcome(list(results), **more))


@pytest.fixture
def double(tmp_path: Path) -> Reference:
    return made(tmp_path, "case.entry(case.normal(2, 3))", toml='[axes]\nx = "B D"\noutput = "B D"')


# -- values ----------------------------------------------------------------------------------------------------------


def test_the_right_answer_passes_and_the_case_is_described(double: Reference) -> None:
    result = given(double, lambda x: x + x)
    assert result.status is Status.PASSED
    assert (result.name, result.title.zh, result.group, result.visible) == ("one", "一", "correctness", False)
    (shape,) = result.shapes
    assert (shape.name, shape.dims, shape.axes, shape.dtype) == ("x", [2, 3], ["B", "D"], "float32")


def test_a_wrong_value_is_shown(double: Reference) -> None:
    result = given(double, lambda x: torch.cat([2 * x[:, :2], 3 * x[:, 2:]], 1))
    assert (result.status, result.check, result.where) == (Status.FAILED, "value", "output")
    assert (result.first_bad_index, result.bad_count, result.count) == ([0, 2], 2, 6)
    assert result.expected is not None
    assert result.actual is not None
    assert result.max_rel_error == pytest.approx(0.5)
    assert result.message is not None
    assert result.message.en == "2 of 6 values of output differ"


@pytest.mark.parametrize(
    ("value", "check"),
    [
        (torch.zeros(3, 2), "shape"),
        (torch.zeros(2, 3, dtype=torch.float64), "dtype"),
        (torch.zeros(2, 3, dtype=torch.int64), "dtype"),
        (torch.full((2, 3), float("nan")), "value"),
        (None, "structure"),
        ((torch.zeros(2, 3),), "structure"),
        ({"t": 1}, "structure"),
        (Strange("ndarray"), "structure"),
        (1.0, "structure"),
        ("text", "structure"),
    ],
    ids=["shape", "dtype", "ints", "nan", "none", "tuple", "dict", "object", "number", "string"],
)
def test_a_result_of_another_form_is_a_failure_with_its_reason(double: Reference, value: Any, check: str) -> None:
    result = told(double, value)
    assert (result.status, result.check) == (Status.FAILED, check)
    assert result.message is not None
    assert result.message.en
    assert result.message.zh


def test_nested_results_are_compared_in_place(tmp_path: Path) -> None:
    answer = "def double(x):\n    return {'a': (x, 3, True, None, 's', 0.5), 'n': float('nan')}\n"
    reference = made(tmp_path, "case.entry(case.normal(2))", answer=answer)
    x = only(reference).tensors[0]
    right = (x, 3, True, None, "s", 0.5)
    assert told(reference, {"a": right, "n": float("nan")}).status is Status.PASSED
    assert told(reference, {"a": list(right), "n": float("nan")}).status is Status.PASSED
    wrong: list[tuple[Any, str]] = [
        ({"a": (x + 1, *right[1:]), "n": float("nan")}, "output['a'][0]"),
        ({"a": right[:5], "n": float("nan")}, "output['a']"),
        ({"a": right}, "output"),
    ]
    for value, where in wrong:
        result = told(reference, value)
        assert (result.status, result.where) == (Status.FAILED, where)


@pytest.mark.parametrize(
    "value", [4, 3.0, True, None, "3", torch.tensor(3), torch.tensor([3, 3]), (3,), Strange("int64")], ids=kind_of
)
def test_a_number_is_not_another_number_and_not_a_tensor(tmp_path: Path, value: Any) -> None:
    reference = made(tmp_path, "case.entry(case.normal(2))", answer="def double(x):\n    return 3\n")
    assert told(reference, 3).status is Status.PASSED
    assert told(reference, value).status is Status.FAILED


@pytest.mark.parametrize("value", [0.6, True, None, "0.5", float("nan"), torch.tensor([0.5, 0.5])], ids=kind_of)
def test_a_float_is_compared_up_to_rounding(tmp_path: Path, value: Any) -> None:
    reference = made(tmp_path, "case.entry(case.normal(2))", answer="def double(x):\n    return 0.5\n")
    assert told(reference, 0.5 + 1e-7).status is Status.PASSED
    assert told(reference, value).status is Status.FAILED


def test_the_second_of_two_calls_is_named(tmp_path: Path) -> None:
    reference = made(tmp_path, "x = case.normal(2)\ncase.entry(x)\ncase.entry(x + 1)")
    first = 2 * only(reference).tensors[0]
    assert told(reference, first, first).where == "output of call 2"


def test_an_unchecked_result_is_not_compared(tmp_path: Path) -> None:
    reference = made(tmp_path, "case.unchecked(case.entry(case.normal(2)))")
    assert told(reference, None).status is Status.PASSED


def test_zeros_are_measured_by_the_inputs(tmp_path: Path) -> None:
    reference = made(tmp_path, "case.entry(case.normal(4))", answer="def double(x):\n    return x - x\n")
    assert given(reference, lambda x: (x + x / 3) - x * 4 / 3).status is Status.PASSED
    assert given(reference, lambda x: x * 1e-3).status is Status.FAILED


def test_half_precision_is_measured_by_the_references_own_error(tmp_path: Path) -> None:
    cancel = "def double(x):\n    return ((x + 100) - 100) * 100\n"
    reference = made(tmp_path, "case.entry(case.normal(8))", answer=cancel, more=', dtype="float16"')
    assert given(reference, lambda x: ((x + 100) - 100) * 100).status is Status.PASSED
    assert given(reference, lambda x: ((100 + x) - 100).mul(50).mul(2)).status is Status.PASSED
    assert given(reference, lambda x: x * 0).status is Status.FAILED


def test_a_tighter_tolerance_is_kept(tmp_path: Path) -> None:
    loose, tight = (
        made(tmp_path / str(f), "case.entry(case.normal(4))", toml=f"[tolerance]\nfactor = {f}") for f in (16, 1)
    )
    assert given(loose, lambda x: 2 * x * (1 + 1e-6)).status is Status.PASSED
    assert given(tight, lambda x: 2 * x * (1 + 1e-6)).status is Status.FAILED


# -- errors ----------------------------------------------------------------------------------------------------------


def test_an_exception_is_an_error_with_the_submissions_lines(double: Reference) -> None:
    error = {"type": "ValueError", "message": "why", "frames": [[3, "double", " return x.y "]], "step": 0}
    result = judge(yardstick(double, only(double), None), Outcome([], error), file="mine.py")
    assert (result.status, result.check) == (Status.ERROR, "error")
    assert result.message is not None
    assert result.message.en == "raised ValueError: why"
    assert result.traceback == ["mine.py:3 in double: return x.y"]


@pytest.mark.parametrize(
    "error",
    [
        {},
        {"type": 3, "message": None},
        {"type": "x" * 999},
        {"frames": 7},
        {"frames": [1, [], [None, 1, 2], ["1", "a", "b"], [1, {}, []]]},
    ],
    ids=["empty", "no strings", "long", "frames", "rows"],
)
def test_an_error_of_any_form_is_told(double: Reference, error: dict[str, Any]) -> None:
    result = told(double, error=error)
    assert result.status is Status.ERROR
    assert CaseResult.model_validate_json(result.model_dump_json()) == result


def test_only_frames_of_the_known_form_are_shown() -> None:
    frames = [[1, "f", "x"], [2, "g"], "z", [True, "h", ""], [-1, "i", ""], [10**4000, "j", ""], [5, "k", ""]]
    assert traceback_lines({"frames": frames}, "a.py") == ["a.py:1 in f: x", "a.py:5 in k"]
    assert traceback_lines({"frames": [[1, "f", ""]] * 99}, "a.py") == ["a.py:1 in f"] * 12


REFUSED = 'case.entry(case.normal(2))\ncase.refused(en="two rows", zh="两行")'


def test_a_refusal_needs_an_exception_with_a_sentence(tmp_path: Path) -> None:
    reference = made(tmp_path, REFUSED, more=', group="errors"')
    told_why = told(reference, error={"type": "AssertionError", "message": "two rows are too many"})
    assert told_why.status is Status.PASSED
    bare = told(reference, error={"type": "AssertionError", "message": "", "frames": [[2, "f", "assert 0"]]})
    assert (bare.status, bare.check) == (Status.FAILED, "refusal_text")
    assert bare.message is not None
    assert "AssertionError" in bare.message.en
    assert bare.traceback == ["solution.py:2 in f: assert 0"]
    chinese = told(reference, error={"type": "ValueError", "message": "行数太多"})
    assert chinese.status is Status.PASSED


def test_nothing_refused_is_a_failure_that_says_what_should_have_been(tmp_path: Path) -> None:
    result = given(made(tmp_path, REFUSED, more=', group="errors"'), lambda x: x)
    assert (result.status, result.check) == (Status.FAILED, "refusal")
    assert result.message is not None
    assert result.message.en == "nothing was refused: two rows"
    assert "两行" in result.message.zh


# -- gradients -------------------------------------------------------------------------------------------------------

GRADIENT = "a, b = case.normal(3), case.normal(3)\ncase.backward(case.entry(a, b))"
SMALL = "def double(a, b):\n    return 1000 * a + 1e-3 * b\n"


def test_gradients_are_measured_by_the_largest_of_the_case(tmp_path: Path) -> None:
    reference = made(tmp_path, GRADIENT, answer=SMALL, more=', group="gradient"')
    assert given(reference, lambda a, b: 1000 * a + 1e-3 * b).status is Status.PASSED
    assert given(reference, lambda a, b: 1000 * a + 1e-3 * (b + (b - b.detach()))).status is Status.PASSED
    wrong = given(reference, lambda a, b: 1000 * (a + 0.01 * (a - a.detach())) + 1e-3 * b)
    assert (wrong.status, wrong.where) == (Status.FAILED, "gradient of a")


def test_a_missing_gradient_is_named(tmp_path: Path) -> None:
    reference = made(tmp_path, GRADIENT, answer="def double(a, b):\n    return a * b\n")
    result = given(reference, lambda a, b: a * b.detach())
    assert (result.status, result.check, result.where) == (Status.FAILED, "gradient", "gradient of b")
    assert result.message is not None
    assert result.message.en == "there is no gradient of b"


def test_a_gradient_that_is_zero_may_be_missing(tmp_path: Path) -> None:
    reference = made(tmp_path, GRADIENT, answer="def double(a, b):\n    return a + 0 * b\n")
    assert given(reference, lambda a, b: a + 0).status is Status.PASSED
    assert given(reference, lambda a, b: a + 0 * b).status is Status.PASSED
    assert given(reference, lambda a, b: a + (b - b.detach())).where == "gradient of b"


ATTENTION = """
class Attention(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.q = nn.Linear(d, d)
        self.k = nn.Linear(d, d)

    def forward(self, x):
        return torch.softmax(self.q(x) @ self.k(x).transpose(-1, -2), -1) @ x
"""


def test_the_key_bias_of_attention_whose_gradient_is_zero_passes_in_another_form(tmp_path: Path) -> None:
    cases = ONE.format(body="case.backward(case.entry(4)(case.normal(2, 5, 4)))", more=', group="gradient"')
    kata = toy_katas.write(tmp_path / "a", "Attention", ATTENTION, cases, more="[weights.q]\n[weights.k]")
    reference = Reference(kata)

    class Other(nn.Module):
        def __init__(self, d: int) -> None:
            super().__init__()
            self.q, self.k = nn.Linear(d, d), nn.Linear(d, d)

        def forward(self, x: Tensor) -> Tensor:
            scores = torch.einsum("bld,bsd->bls", self.q(x), self.k(x))
            scores = scores - scores.amax(-1, keepdim=True)
            return (scores.exp() / scores.exp().sum(-1, keepdim=True)) @ x

    assert given(reference, Other).status is Status.PASSED

    class Detached(Other):
        def forward(self, x: Tensor) -> Tensor:
            return torch.softmax(self.q(x).detach() @ self.k(x).transpose(-1, -2), -1) @ x

    assert given(reference, Detached).check in ("gradient", "value")


def test_gradients_of_parameters_go_by_the_submissions_names(tmp_path: Path) -> None:
    cases = ONE.format(body="case.backward(case.entry(3, 2)(case.normal(4, 3)))", more=', group="gradient"')
    reference = Reference(toy_katas.write(tmp_path / "l", "Linear", LINEAR, cases, more=LINEAR_WEIGHTS))
    program = only(reference)
    binding = Binding((Piece("w", ("proj.weight",), "plain", transposed=True), Piece("b", ("proj.bias",), "plain")))

    class Mine(nn.Module):
        def __init__(self, d_in: int, d_out: int) -> None:
            super().__init__()
            self.w, self.b = nn.Parameter(torch.zeros(d_in, d_out)), nn.Parameter(torch.zeros(d_out))

        def forward(self, x: Tensor) -> Tensor:
            return x @ self.w + self.b

    class Half(Mine):
        def forward(self, x: Tensor) -> Tensor:
            return x @ self.w + 0.5 * self.b + 0.5 * self.b.detach()

    class Unused(Mine):
        def forward(self, x: Tensor) -> Tensor:
            return x @ self.w + self.b.detach()

    def result(entry: Callable[..., Any]) -> CaseResult:
        weights = {0: binding.weights(program.constructs[0], program.configs[0])}
        outcome = carry_out(program, entry, torch.float32, weights)
        return judge(yardstick(reference, program, binding), outcome)

    assert result(Mine).status is Status.PASSED
    assert result(Half).where == "gradient of b"
    assert result(Unused).check == "gradient"


@pytest.mark.parametrize(
    "claim", [None, 1, {}, {"inputs": None}, {"inputs": {"0": 1, "1": "x"}}, {"inputs": []}], ids=kind_of
)
def test_gradients_of_any_form_are_judged(tmp_path: Path, claim: Any) -> None:
    reference = made(tmp_path, GRADIENT, answer="def double(a, b):\n    return a * b\n")
    a, b = only(reference).tensors
    assert told(reference, a * b, claim).status is Status.FAILED


# -- relations -------------------------------------------------------------------------------------------------------

SAME = """
x = case.normal(4)
case.same(case.entry(x)[1:], case.entry(x[1:]), en="neighbours matter", zh="邻居有影响")
"""


def test_a_relation_that_does_not_hold_is_told_in_the_authors_words(tmp_path: Path) -> None:
    reference = made(tmp_path, SAME, more=', group="property"')
    assert given(reference, lambda x: 2 * x).status is Status.PASSED
    result = given(reference, lambda x: x.cumsum(0))
    assert (result.status, result.check) == (Status.FAILED, "relation")
    assert result.message is not None
    assert (result.message.en, result.message.zh) == ("neighbours matter", "邻居有影响")
    assert result.first_bad_index is not None
    assert result.tolerance is not None


@pytest.mark.parametrize("value", [None, torch.zeros(()), torch.zeros(2, 2), (1, 2, 3), {"a": 1}, "text"], ids=kind_of)
def test_a_relation_between_results_of_another_form_does_not_hold(tmp_path: Path, value: Any) -> None:
    reference = made(tmp_path, SAME, more=', group="property"')
    assert told(reference, value, torch.zeros(3)).status is Status.FAILED


HOLDS = 'case.holds(lambda y: bool((y > 0).all()), case.unchecked(case.entry(case.normal(3))), en="not positive", zh="不为正")'


def test_a_predicate_decides(tmp_path: Path) -> None:
    reference = made(tmp_path, HOLDS, answer="def double(x):\n    return x.exp()\n", more=', group="distribution"')
    assert given(reference, lambda x: x.abs() + 1).status is Status.PASSED
    assert given(reference, lambda x: -x.exp()).check == "relation"
    values: list[Any] = [None, "text", {}]
    for value in values:
        result = told(reference, value)
        assert (result.status, result.check) == (Status.FAILED, "relation")
        assert result.message is not None
        assert "another form" in result.message.en


# -- hygiene ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def watched(tmp_path: Path) -> Reference:
    return made(tmp_path, "case.entry(case.normal(3))", more=', group="hygiene"')


def test_an_input_that_was_changed_is_named(watched: Reference) -> None:
    def spoil(x: Tensor) -> Tensor:
        result = 2 * x
        x[0] += 1
        return result

    assert given(watched, lambda x: 2 * x).status is Status.PASSED
    result = given(watched, spoil)
    assert (result.check, result.where) == ("inputs", "x")


def test_inputs_that_never_came_back_are_changed_inputs(watched: Reference) -> None:
    x = only(watched).tensors[0]
    assert told(watched, 2 * x, inputs=[]).check == "inputs"
    assert told(watched, 2 * x, inputs=[x.double()]).check == "inputs"
    assert told(watched, 2 * x, inputs=[x[:2]]).check == "inputs"
    assert told(watched, 2 * x, inputs=[x.clone()]).status is Status.PASSED


@pytest.mark.parametrize("name", ["rng", "default_dtype", "threads", "grad_mode", "deterministic", "something else"])
def test_a_change_of_global_state_is_told(watched: Reference, name: str) -> None:
    x = only(watched).tensors[0]
    result = told(watched, 2 * x, inputs=[x], changed=[name])
    assert (result.status, result.check) == (Status.FAILED, "global_" + name)


def test_nan_in_an_untouched_input_is_no_change(tmp_path: Path) -> None:
    body = "x = case.normal(3)\nx[1] = float('nan')\ncase.entry(x)"
    reference = made(tmp_path, body, more=', group="hygiene"')
    assert given(reference, lambda x: 2 * x).status is Status.PASSED
