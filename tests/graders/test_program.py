"""Cases become programs: encoded for the jail, carried out on the reference, and read back from bytes nobody trusts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from graders import child, wire
from graders.interpreter import Interpreter
from graders.program import Outcome, Program, Reference, Strange, _Encoder, carry_out, decode_outcome, load_source
from graders.wire import ProtocolFault
from katas.bank import KataError, read_kata
from katas.script import Module, Result, Text, Toy
from tests.graders import toy_katas
from tests.graders.toy_katas import LINEAR, LINEAR_WEIGHTS, function, only

LIMIT = 1 << 20
CALL = 'case = draw.case("doubles", "翻倍")\n{}\nyield case'


def linear(folder: Path, cases: str) -> Reference:
    return Reference(toy_katas.write(folder / "linear", "Linear", LINEAR, cases, more=LINEAR_WEIGHTS))


def carried_by_the_jail(program: Program, entry: Any, weights: dict[int, dict[str, Tensor]] | None = None) -> Outcome:
    """The outcome after both frames: down to the code that runs in a jail, and up again."""
    (down,) = wire.Decoder().feed(program.frame(3, LIMIT, weights or {}))
    (up,) = wire.Decoder().feed(child.perform(entry, down.header, down.payload, "answer.py"))
    assert up.header["case"] == 3
    return decode_outcome(up, len(program.steps), LIMIT)


# -- encoding --------------------------------------------------------------------------------------------------------


def test_the_same_tensor_keeps_its_number() -> None:
    encoder, x = _Encoder(), torch.ones(2)
    assert encoder.value([x, x.clone(), (x,)]) == {"l": [{"t": 0}, {"t": 1}, {"u": [{"t": 0}]}]}
    assert encoder.tensors[0] is x


def test_values_are_encoded_as_the_interpreter_reads_them() -> None:
    encoder = _Encoder()
    value = {"a": (None, True, 3, 2.5, "s"), "b": [float("inf"), torch.float16]}
    encoded = encoder.value(value)
    assert encoded["d"]["b"] == {"l": [{"f": "inf"}, {"dtype": "float16"}]}
    assert Interpreter(print, encoder.tensors, torch.float32).value(encoded) == value


def test_a_toy_model_is_data() -> None:
    encoder, table = _Encoder(), torch.randn(7, 5)
    encoded = encoder.value(Toy(table, multiplier=3))
    assert encoded == {"toy": 0, "multiplier": 3}
    model = Interpreter(print, encoder.tensors, torch.float32).value(encoded)
    assert torch.equal(model.table, table)
    assert model.multiplier == 3


def test_parts_of_results_are_paths(tmp_path: Path) -> None:
    case: Any = only(function(tmp_path, CALL.format("case.entry(case.normal(2))"))).case
    result = Result(case, 4)["out"][0][..., 1:3][[1, 0]][:, None][torch.tensor([2])]
    assert _Encoder().value(result) == {
        "r": [
            4,
            [
                {"k": "out"},
                {"i": 0},
                {"x": ["...", {"s": [1, 3, None]}]},
                {"x": [[1, 0]]},
                {"x": [{"s": [None, None, None]}, None]},
                {"x": [[2]]},
            ],
        ]
    }
    assert _Encoder().value(Module(case, 2)) == {"r": [2, []]}
    with pytest.raises(TypeError, match="cannot be indexed by"):
        _Encoder().value(Result(case, 0)[1.5])


@pytest.mark.parametrize(
    "value", [object(), {1, 2}, b"bytes", 1j, len, nn.Linear(1, 1)], ids=lambda v: type(v).__name__
)
def test_a_value_that_cannot_cross_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="cannot pass a"):
        _Encoder().value([value])


@pytest.mark.parametrize(
    "x",
    [
        torch.arange(12.0).reshape(3, 4).T,
        torch.arange(3.0)[:, None].expand(3, 4),
        torch.arange(20.0).reshape(4, 5)[1::2, 1:4],
        torch.arange(20)[3:9],
        torch.tensor(2.5),
        torch.empty(0, 3),
        torch.tensor([True, False]).expand(2, 2),
        torch.randn(2, 3).bfloat16().T,
        torch.tensor([1 + 2j]),
    ],
    ids=["transposed", "expanded", "strided", "offset", "scalar", "empty", "bool", "bfloat16", "complex"],
)  # fmt: skip
def test_strides_values_and_dtype_survive_the_frame(tmp_path: Path, x: Tensor) -> None:
    program = only(function(tmp_path, CALL.format("case.entry(case.normal(2))")))
    program.tensors = [x]
    (frame,) = wire.Decoder().feed(program.frame(0, LIMIT, {}))
    (there,) = child.tensors_from(frame.header, frame.payload)
    assert torch.equal(there, x)
    assert there.dtype is x.dtype
    assert there.numel() == 0 or there.stride() == x.stride()


def test_tensors_in_the_jail_share_no_memory_and_leaves_want_gradients(tmp_path: Path) -> None:
    program = only(
        function(
            tmp_path,
            CALL.format("x = case.normal(4)\nout = case.entry(x)\ncase.entry(x[1:])\ncase.backward(out, wrt=(x,))"),
        )
    )
    (frame,) = wire.Decoder().feed(program.frame(0, LIMIT, {}))
    x, part = child.tensors_from(frame.header, frame.payload)
    assert x.requires_grad
    assert not part.requires_grad
    part.zero_()
    assert bool(x.detach().all())


def test_the_jail_gives_what_the_reference_gives(tmp_path: Path) -> None:
    reference = function(
        tmp_path,
        """
case = draw.case("parts and gradients", "部分与梯度", group="hygiene")
x = case.normal(2, 3)
first = case.entry(x)
second = case.entry(first["out"][0][:, 1:])
case.backward(second, first)
yield case
""",
        answer="def double(x):\n    return {'out': (2 * x, None), 'n': 3, 'f': float('nan')}\n",
    )
    program = only(reference)
    here = reference.outcome(program, torch.float32)
    there = carried_by_the_jail(program, reference.entry)
    assert there.error is None
    assert there.changed == []
    assert torch.equal(there.results[1]["out"][0], here.results[1]["out"][0])
    assert isinstance(there.results[0]["out"], tuple)
    assert (there.results[0]["n"], there.results[0]["f"] != there.results[0]["f"]) == (3, True)
    assert torch.equal(there.results[2]["inputs"]["0"], here.results[2]["inputs"]["0"])
    assert torch.equal(there.inputs[0], program.tensors[0])


def test_weights_travel_under_the_names_of_the_submission(tmp_path: Path) -> None:
    reference = linear(tmp_path, CALL.format("out = case.entry(3, 2)(case.normal(4, 3))\ncase.backward(out)"))
    program = only(reference)
    here = reference.outcome(program, torch.float32)

    class Other(nn.Module):
        def __init__(self, d_in: int, d_out: int) -> None:
            super().__init__()
            self.w = nn.Parameter(torch.zeros(d_out, d_in))
            self.b = nn.Parameter(torch.zeros(d_out))

        def forward(self, x: Tensor) -> Tensor:
            return nn.functional.linear(x, self.w, self.b)

    values = program.constructs[0]
    there = carried_by_the_jail(program, Other, {0: {"w": values["proj.weight"], "b": values["proj.bias"]}})
    assert torch.equal(there.results[1], here.results[1])
    assert torch.equal(there.results[2]["parameters"]["0"]["w"], here.results[2]["parameters"]["0"]["proj.weight"])


def test_arguments_and_constructor_arguments_are_known_by_name(tmp_path: Path) -> None:
    program = only(linear(tmp_path, CALL.format("case.entry(3, d_out=2)(case.normal(4, 3))")))
    assert program.arguments == [("x", 0)]
    assert program.configs == {0: {"d_in": 3, "d_out": 2}}
    assert {role: tuple(value.shape) for role, value in program.constructs[0].items()} == {
        "proj.weight": (2, 3),
        "proj.bias": (2,),
    }


def test_a_constructor_that_refuses_has_no_roles(tmp_path: Path) -> None:
    program = only(linear(tmp_path, CALL.format('case.entry("wide", 2)\ncase.refused(en="no width", zh="不是宽度")')))
    assert program.constructs == {0: {}}


# -- drawing ---------------------------------------------------------------------------------------------------------

TWO = """
case = draw.case("one", "一")
case.entry(case.normal(3))
yield case
case = draw.case("two", "二")
case.entry(case.normal(3))
yield case
"""


def test_a_seed_repeats_the_programs(tmp_path: Path) -> None:
    reference = function(tmp_path, TWO)
    first, again, other = (reference.programs(seed)[0].tensors[0] for seed in (5, 5, 6))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_adding_a_case_changes_no_other(tmp_path: Path) -> None:
    before = function(tmp_path / "before", TWO).programs(5)
    more = 'case = draw.case("zero", "零")\ncase.entry(case.normal(30))\nyield case\n'
    after = function(tmp_path / "after", more + TWO).programs(5)
    for old, new in zip(before, after[1:], strict=True):
        assert torch.equal(old.tensors[0], new.tensors[0])


@pytest.mark.parametrize(
    ("cases", "what"),
    [
        ("yield from []", "yields no case"),
        (TWO.replace("two", "one"), "two cases are named 'one'"),
        ('case = draw.case("a", "b", group="values")\nyield case', "'values' is not a valid Group"),
        ('case = draw.case("a", "b")\na, b = case.entry(case.normal(2))\nyield case', "cannot be unpacked"),
        ("1 / 0\nyield", "ZeroDivisionError"),
    ],
)
def test_a_mistake_of_the_cases_names_the_kata_and_the_file(tmp_path: Path, cases: str, what: str) -> None:
    with pytest.raises(KataError, match=what) as caught:
        function(tmp_path, cases).programs(1)
    assert (caught.value.kata, caught.value.file) == ("double", "cases.py")


@pytest.mark.parametrize(
    ("answer", "what"),
    [("def single(x): return x", "defines no `double`"), ("1 / 0", "ZeroDivisionError"), ("def (", "SyntaxError")],
)
def test_a_mistake_of_the_answer_is_the_authors(tmp_path: Path, answer: str, what: str) -> None:
    with pytest.raises(KataError, match=what):
        function(tmp_path, TWO, answer=answer)


def test_a_track_without_a_module_is_the_authors_mistake(tmp_path: Path) -> None:
    kata = toy_katas.write(tmp_path / "double", "double", toy_katas.DOUBLE, TWO)
    (kata.folder / "reference.py").unlink()
    (kata.folder / "kata.toml").write_text(
        toy_katas.TOML.format(entry="double", more="").replace("attention", "nowhere")
    )

    with pytest.raises(KataError, match=r"there is no reference/nowhere\.py"):
        Reference(read_kata(kata.folder))


def test_a_mistake_without_the_entry_is_the_authors_mistake(tmp_path: Path) -> None:
    kata = toy_katas.write(tmp_path / "double", "double", toy_katas.DOUBLE, TWO)
    with pytest.raises(KataError, match="defines no `double`"):
        load_source(kata, "mistakes/x.py", "def triple(x): return 3 * x")


# -- carrying out ----------------------------------------------------------------------------------------------------


def test_the_reference_is_carried_out_in_the_dtype_that_is_asked_for(tmp_path: Path) -> None:
    reference = linear(tmp_path, CALL.format("case.entry(3, 2)(case.normal(4, 3))"))
    program = only(reference)
    for dtype in (torch.float64, torch.float32, torch.bfloat16):
        assert reference.outcome(program, dtype).results[1].dtype is dtype
    assert reference.outcome(program, torch.float64) is reference.outcome(program, torch.float64)


def test_two_modules_of_one_program_are_two(tmp_path: Path) -> None:
    reference = linear(tmp_path, CALL.format("x = case.normal(4, 3)\ncase.entry(3, 2)(x)\ncase.entry(3, 2)(x)"))
    for _ in range(2):  # the second time from remembered modules
        program = only(reference)
        results = reference.outcome(program, torch.float64).results
        assert not torch.equal(results[1], results[3])


def test_a_refusal_is_an_outcome_with_its_step(tmp_path: Path) -> None:
    answer = "def double(x):\n    if x.dim() > 1:\n        raise ValueError('one axis')\n    return 2 * x\n"
    reference = function(
        tmp_path, CALL.format("case.entry(case.normal(2))\ncase.entry(case.normal(2, 2))"), answer=answer
    )
    outcome = reference.outcome(only(reference), torch.float64)
    assert isinstance(outcome.error, ValueError)
    assert outcome.error_step == 1
    assert len(outcome.results) == 1


def test_the_programs_own_tensors_are_never_changed(tmp_path: Path) -> None:
    program = only(function(tmp_path, CALL.format("case.entry(case.normal(3))")))
    before = program.tensors[0].clone()
    outcome = carry_out(program, lambda x: x.mul_(0), torch.float64, {})
    assert torch.equal(program.tensors[0], before)
    assert not bool(outcome.results[0].any())


def test_results_of_the_reference_hold_no_graph(tmp_path: Path) -> None:
    reference = function(tmp_path, CALL.format("case.backward(case.entry(case.normal(3)))"))
    assert not reference.outcome(only(reference), torch.float64).results[0].requires_grad


# -- outcomes from a jail --------------------------------------------------------------------------------------------


def decode(header: dict[str, Any], payload: bytes = b"", steps: int = 1) -> Outcome:
    return decode_outcome(wire.Frame(wire.DONE, header, memoryview(payload)), steps, LIMIT)


def test_results_of_every_form_are_decoded() -> None:
    tree = {"d": {"a": {"u": [{"t": 0}, None, True]}, "b": {"l": [{"f": "-inf"}, "s", {"x": "set"}]}}}
    (result,) = decode({"results": [tree], "tensors": [["bool", [2]]]}, b"\x00\xff").results
    assert torch.equal(result["a"][0], torch.tensor([False, True]))
    assert result["a"][1:] == (None, True)
    assert result["b"] == [float("-inf"), "s", Strange("set")]


def test_an_error_may_come_with_fewer_results() -> None:
    outcome = decode({"results": [1], "error": {"type": "E", "step": 1}}, steps=3)
    assert outcome.error_step == 1
    assert decode({"results": [], "error": {"step": "one"}}).error_step == 0


@pytest.mark.parametrize(
    ("header", "payload"),
    [
        ({}, b""),
        ({"results": None}, b""),
        ({"results": []}, b""),
        ({"results": [1, 2]}, b""),
        ({"results": [1, 2], "error": {}}, b""),
        ({"results": [1], "error": "E"}, b""),
        ({"results": [{"t": 0}]}, b""),
        ({"results": [{"t": -1}], "tensors": [["bool", [1]]]}, b"\1"),
        ({"results": [{"t": True}], "tensors": [["bool", [1]], ["bool", [1]]]}, b"\1\1"),
        ({"results": [[1]]}, b""),
        ({"results": [1.5]}, b""),
        ({"results": [{}]}, b""),
        ({"results": [{"l": [], "u": []}]}, b""),
        ({"results": [{"l": {}}]}, b""),
        ({"results": [{"d": []}]}, b""),
        ({"results": [{"f": "1_0!"}]}, b""),
        ({"results": [{"f": "1" * 100}]}, b""),
        ({"results": [{"x": 1}]}, b""),
        ({"results": [1 << 62]}, b""),
        ({"results": [{"code": "print()"}]}, b""),
        ({"results": [1], "changed": "rng"}, b""),
        ({"results": [1], "changed": [1]}, b""),
        ({"results": [1], "inputs": {}}, b""),
        ({"results": [1], "inputs": [1]}, b""),
        ({"results": [1], "tensors": [["float32", [0, 1 << 39, 1 << 39]]]}, b""),
        ({"results": [1], "tensors": [["float32", [-1]]]}, b""),
        ({"results": [1]}, b"left over"),
    ],
)  # fmt: skip
def test_a_malformed_answer_is_a_protocol_fault(header: dict[str, Any], payload: bytes) -> None:
    with pytest.raises(ProtocolFault):
        decode(header, payload)


def test_a_result_nested_too_deeply_is_a_protocol_fault() -> None:
    tree: Any = 1
    for _ in range(20):
        tree = {"l": [tree]}
    with pytest.raises(ProtocolFault):
        decode({"results": [tree]})


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from([{"t": 0}, {"t": 1}, {"f": "nan"}, {"x": "set"}]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["t", "l", "u", "d", "f", "x", "?"]), inner, max_size=2)
    ),
    max_leaves=8,
)
ROWS = st.lists(
    st.tuples(st.sampled_from([*wire.ITEMSIZE, "void"]), st.lists(st.integers(0, 3) | st.integers(), max_size=3)).map(
        list
    ),
    max_size=3,
)


@settings(deadline=None, max_examples=300, derandomize=True)
@given(
    st.fixed_dictionaries(
        {"results": st.lists(JSON, max_size=2) | JSON},
        optional={"tensors": ROWS | JSON, "error": JSON, "changed": JSON, "inputs": JSON},
    ),
    st.integers(0, 72),
)
def test_any_answer_is_an_outcome_or_a_protocol_fault(header: dict[str, Any], size: int) -> None:
    try:
        outcome = decode(header, b"\x7f" * size, steps=2)
    except ProtocolFault:
        return
    assert outcome.error is not None or len(outcome.results) == 2


def test_refusals_are_recorded_in_both_languages(tmp_path: Path) -> None:
    program = only(function(tmp_path, CALL.format('case.entry(1)\ncase.refused(en="a number", zh="是数字")')))
    assert program.case.refusal == Text("a number", "是数字")
