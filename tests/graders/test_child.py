"""What the jail does with a submission: every answer is data, whatever the submission raises or returns."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy
import pytest
import torch
from torch import Tensor, nn

from graders import child, wire
from graders.child import Outbox
from graders.interpreter import Interpreter, Toy, Unsuitable, output_weight

FILE = "answer.py"


def run(entry: Callable[..., Any], *steps: dict[str, Any], tensors: tuple[Tensor, ...] = ()) -> Interpreter:
    """An interpreter that has carried out the steps, watching them."""
    interpreter = Interpreter(entry, list(tensors), torch.float32)
    interpreter.run([{"args": [], "kwargs": {}, "target": None, **step} for step in steps], watched=True)
    return interpreter


def of(step: int, *path: dict[str, Any]) -> dict[str, Any]:
    return {"r": [step, list(path)]}


class Scale(nn.Module):
    """x times a weight, with dropout in training mode."""

    def __init__(self, width: int, first: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((width,), first))
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.dropout(x * self.weight, 0.5, self.training)

    def width(self) -> int:
        return len(self.weight)


# -- steps -----------------------------------------------------------------------------------------------------------


def test_a_call_receives_every_kind_of_argument() -> None:
    def entry(*args: Any, **kwargs: Any) -> Any:
        return args, kwargs

    x = torch.ones(2)
    args = [
        {"t": 0},
        {"l": [1, {"u": [None, "s"]}]},
        {"d": {"k": {"t": 0}}},
        {"f": "-inf"},
        {"dtype": "bfloat16"},
        {"f": "nan"},
        2.5,
    ]
    got, named = run(entry, {"op": "call", "args": args, "kwargs": {"y": {"t": 0}}}, tensors=(x,)).results[0]
    assert got[0] is x
    assert got[2]["k"] is x
    assert named["y"] is x
    assert got[1] == [1, (None, "s")]
    assert got[3] == float("-inf")
    assert got[4] is torch.bfloat16
    assert got[5] != got[5]
    assert got[6] == 2.5


def test_an_unknown_value_is_an_error_of_ours() -> None:
    with pytest.raises(ValueError, match="unknown value"):
        run(print, {"op": "call", "args": [{"pickle": "..."}]})


def test_later_steps_use_parts_of_earlier_results() -> None:
    x = torch.arange(12.0).reshape(3, 4)

    def entry(value: Tensor) -> dict[str, Any]:
        return {"out": (value, value + 1)}

    paths: list[tuple[dict[str, Any], ...]] = [
        ({"k": "out"}, {"i": 1}),
        ({"k": "out"}, {"i": 0}, {"x": ["...", {"s": [1, 3, None]}]}),
        ({"k": "out"}, {"i": 0}, {"x": [[2, 0], None]}),
    ]
    steps = [{"op": "call", "args": [of(0, *path)]} for path in paths]
    results = run(entry, {"op": "call", "args": [{"t": 0}]}, *steps, tensors=(x,)).results
    assert torch.equal(results[1]["out"][0], x + 1)
    assert torch.equal(results[2]["out"][0], x[..., 1:3])
    assert torch.equal(results[3]["out"][0], x[[2, 0], None])


def test_a_module_is_constructed_in_eval_mode_with_its_weights_and_called() -> None:
    x, weight = torch.ones(2, 3), torch.tensor([1.0, 2.0, 3.0])
    made = run(
        Scale,
        {"op": "construct", "args": [3], "weights": {"weight": 1}},
        {"op": "call", "target": of(0), "args": [{"t": 0}]},
        {"op": "call", "target": of(0), "method": "width"},
        {"op": "describe", "target": of(0)},
        tensors=(x, weight),
    )
    module, out, width, facts = made.results
    assert not module.training
    assert torch.equal(out, x * weight)
    assert width == 3
    assert facts == {
        "parameters": [["weight", [3], True]],
        "buffers": [["seen", []]],
        "training": False,
        "module": True,
    }
    assert made.changed == set()


def test_a_module_takes_the_dtype_of_the_case() -> None:
    interpreter = Interpreter(Scale, [], torch.float16)
    interpreter.run([{"op": "construct", "args": [3], "kwargs": {}}])
    assert interpreter.results[0].weight.dtype is torch.float16


@pytest.mark.parametrize(
    ("weights", "what"),
    [
        ({}, "change their names with the arguments of the constructor: weight"),
        ({"weight": 0, "bias": 0}, "bias"),
        ({"weight": 0}, r"has shape \(3,\); \(2,\) was expected"),
    ],
)
def test_weights_that_do_not_fit_are_told(weights: dict[str, int], what: str) -> None:
    with pytest.raises(Unsuitable, match=what):
        run(Scale, {"op": "construct", "args": [3], "weights": weights}, tensors=(torch.ones(2),))


def test_training_mode_may_draw_random_numbers_and_eval_mode_may_not() -> None:
    train: list[dict[str, Any]] = [
        {"op": "construct", "args": [3]},
        {"op": "mode", "target": of(0), "train": True},
        {"op": "call", "target": of(0), "args": [{"t": 0}]},
    ]
    assert run(Scale, *train, tensors=(torch.ones(3),)).changed == set()
    assert run(lambda: torch.rand(1), {"op": "call"}).changed == {"rng"}


def test_changes_of_global_state_are_seen() -> None:
    def entry() -> None:
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        torch.use_deterministic_algorithms(True)

    try:
        assert run(entry, {"op": "call"}).changed == {"default_dtype", "grad_mode", "deterministic"}
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_grad_enabled(True)
        torch.use_deterministic_algorithms(False)


def test_a_reloaded_module_is_another_one_with_the_same_state() -> None:
    made = run(
        Scale,
        {"op": "construct", "args": [2], "kwargs": {"first": 5.0}},
        {"op": "mode", "target": of(0), "train": True},
        {"op": "reload", "target": of(0)},
    )
    first, other = made.results[0], made.results[2]
    assert other is not first
    assert torch.equal(other.weight, first.weight)
    assert other.weight is not first.weight
    assert other.training


def test_backward_gives_gradients_of_inputs_and_parameters() -> None:
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    grads = run(
        Scale,
        {"op": "construct", "args": [3], "kwargs": {"first": 2.0}},
        {"op": "call", "target": of(0), "args": [{"t": 0}]},
        {"op": "backward", "of": [of(1)], "wrt": [0]},
        tensors=(x,),
    ).results[2]
    weight = output_weight(torch.ones(3), 0)
    assert torch.allclose(grads["inputs"]["0"], 2.0 * weight)
    assert torch.allclose(grads["parameters"]["0"]["weight"], x.detach() * weight)


def test_a_second_backward_starts_from_nothing() -> None:
    x = torch.ones(2, requires_grad=True)
    step: dict[str, Any] = {"op": "backward", "of": [of(0)], "wrt": [0]}
    call = {"op": "call", "args": [{"t": 0}]}
    results = run(lambda v: 3 * v, call, step, call, {**step, "of": [of(2)]}, tensors=(x,)).results
    assert torch.equal(results[1]["inputs"]["0"], results[3]["inputs"]["0"])


def test_backward_of_a_detached_output_is_unsuitable() -> None:
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(Unsuitable, match="autograd"):
        run(
            lambda v: {"a": [v.detach()]},
            {"op": "call", "args": [{"t": 0}]},
            {"op": "backward", "of": [of(0)], "wrt": [0]},
            tensors=(x,),
        )


def test_output_weights_are_irregular_and_differ_from_output_to_output() -> None:
    first, second = (output_weight(torch.zeros(3, 5), n) for n in (0, 1))
    assert first.shape == (3, 5)
    assert len(set(first.reshape(-1).tolist())) == 15
    assert not torch.equal(first, second)


# -- the toy model ---------------------------------------------------------------------------------------------------


def toy() -> Toy:
    return Toy(torch.randn(31, 5, generator=torch.Generator().manual_seed(0)), 7)


def test_the_toy_gives_logits_of_every_position_and_never_looks_ahead() -> None:
    ids = torch.tensor([[1, 2, 3, 4], [4, 3, 2, 1]])
    logits = toy()(ids)
    assert logits.shape == (2, 4, 5)
    assert torch.equal(toy()(ids[:, :2]), logits[:, :2])


def test_the_toy_depends_on_the_whole_history() -> None:
    ids = torch.tensor([[1, 2, 3, 4]])
    last = toy()(ids)[0, -1]
    for place in range(3):
        other = ids.clone()
        other[0, place] = 0
        assert not torch.equal(toy()(other)[0, -1], last)
    assert not torch.equal(toy()(ids[:, -1:])[0, -1], last)


@pytest.mark.parametrize(
    "ids",
    [torch.tensor([1, 2]), torch.ones(1, 2), torch.zeros(1, 0, dtype=torch.long), torch.tensor([[5]]), torch.tensor([[-1]])],
    ids=["one axis", "floats", "empty", "too large", "negative"],
)  # fmt: skip
def test_the_toy_refuses_what_are_no_ids(ids: Tensor) -> None:
    with pytest.raises(ValueError, match="the model"):
        toy()(ids)


# -- results as bytes ------------------------------------------------------------------------------------------------


def test_every_kind_of_result_is_encoded() -> None:
    outbox = Outbox(1 << 20)
    value = {
        "a": [torch.ones(2, 3).T, (1, None)],
        2: float("nan"),
        "s": "text",
        "o": object(),
        "big": 1 << 80,
        "t": True,
    }
    assert outbox.encode(value) == {
        "d": {
            "a": {"l": [{"t": 0}, {"u": [1, None]}]},
            "2": {"f": "nan"},
            "s": "text",
            "o": {"x": "object"},
            "big": {"x": "int"},
            "t": True,
        }
    }
    assert outbox.table == [["float32", [3, 2]]]
    assert b"".join(outbox.payload) == torch.ones(6).numpy().tobytes()


def test_a_float_of_numpy_is_a_float() -> None:

    assert Outbox(1).encode(numpy.float64(0.5)) == {"f": "0.5"}


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (torch.zeros(5), "over the limit"),
        (torch.zeros(2, dtype=torch.complex128), "complex128"),
        (torch.zeros(2).to_sparse(), "sparse"),
        (torch.zeros(2, device="meta"), "cannot be judged"),
    ],
    ids=["too large", "dtype", "layout", "device"],
)
def test_a_tensor_that_cannot_cross_is_unsuitable(value: Tensor, what: str) -> None:
    with pytest.raises(Unsuitable, match=what):
        Outbox(16).encode([value])


def test_a_result_that_holds_itself_is_unsuitable() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(Unsuitable, match="nested"):
        Outbox(16).encode(loop)


def test_tensors_of_an_outbox_leave_the_graph_and_conjugation_behind() -> None:
    outbox = Outbox(1 << 20)
    outbox.encode([torch.ones(2, requires_grad=True), torch.tensor([1 + 2j]).conj(), torch.empty(0, 3)])
    assert b"".join(outbox.payload)[8:] == torch.tensor([1 - 2j]).numpy().tobytes()
    assert outbox.table[2] == ["float32", [0, 3]]


# -- loading ---------------------------------------------------------------------------------------------------------


def load(source: str, entry: str = "f") -> tuple[Any, dict[str, Any]]:
    found, answer = child.load(source.encode(), entry, FILE)
    json.dumps(answer, allow_nan=False)  # whatever happened, it can be sent
    return found, answer


def test_a_function_is_loaded_with_its_signature() -> None:
    found, answer = load("def f(a, b=1, *, c=2):\n    return a\n")
    assert found(3) == 3
    assert answer == {
        "ok": True,
        "class": False,
        "signature": [["a", "POSITIONAL_OR_KEYWORD", False], ["b", "POSITIONAL_OR_KEYWORD", True], ["c", "KEYWORD_ONLY", True]],
    }  # fmt: skip


def test_a_module_is_loaded_with_the_signature_of_forward_too() -> None:
    answer = load("from torch import nn\nclass f(nn.Module):\n    def forward(self, x, mask=None): return x\n")[1]
    assert answer["class"] is True
    assert answer["forward"] == [["x", "POSITIONAL_OR_KEYWORD", False], ["mask", "POSITIONAL_OR_KEYWORD", True]]


def test_a_file_can_use_its_own_name_and_future_imports_and_dataclasses() -> None:
    source = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "@dataclass\nclass C:\n    x: int = 1\ndef f(): return (__name__, C().x)\n"
    )
    assert load(source)[0]() == ("solution", 1)


def test_a_missing_entry_comes_with_what_is_there() -> None:
    found, answer = load("import math\ndef g(): pass\ndef _h(): pass\nx = 1\n")
    assert found is None
    assert answer == {"ok": False, "missing": True, "names": ["g"]}


def test_an_entry_that_is_not_callable_is_told_with_its_type() -> None:
    assert load("f = [1, 2]\n") == (None, {"ok": False, "not_callable": "list"})


@pytest.mark.parametrize(
    ("source", "kind", "message", "frames"),
    [
        ("x = 1\n1 / 0\n", "ZeroDivisionError", "division by zero", [[2, "<module>", "1 / 0"]]),
        ("import sys\nsys.exit(3)\n", "SystemExit", "3", [[2, "<module>", "sys.exit(3)"]]),
        ("raise KeyboardInterrupt\n", "KeyboardInterrupt", "", [[1, "<module>", "raise KeyboardInterrupt"]]),
        ("import nowhere\n", "ModuleNotFoundError", "No module named 'nowhere'", [[1, "<module>", "import nowhere"]]),
        ("x = (\n", "SyntaxError", "'(' was never closed", [[1, "<module>", "x = ("]]),
        ("def g():\n    raise ValueError('why')\ng()\n", "ValueError", "why",
         [[3, "<module>", "g()"], [2, "g", "raise ValueError('why')"]]),
    ],
)  # fmt: skip
def test_what_a_file_raises_while_it_is_loaded_is_data(source: str, kind: str, message: str, frames: list[Any]) -> None:
    found, answer = load(source)
    assert found is None
    assert answer == {"ok": False, "error": {"type": kind, "message": message, "frames": frames}}


@pytest.mark.parametrize("body", ["raise SystemExit", "return 5", "return 'x' * 10**6", "while True: raise self"])
def test_a_hostile_exception_is_data(body: str) -> None:
    answer = load(f"class E(BaseException):\n    def __str__(self):\n        {body}\nraise E\n")[1]
    assert answer["error"]["type"] == "E"
    assert len(answer["error"]["message"]) <= child.MAX_TEXT


def test_bytes_that_are_no_utf8_are_data() -> None:
    found, answer = child.load(b"x = '\xff'\n", "f", FILE)
    assert found is None
    assert answer["error"]["type"] == "UnicodeDecodeError"


def test_endless_recursion_keeps_the_last_frames() -> None:
    error = load("def f():\n    return f()\nf()\n")[1]["error"]
    assert error["type"] == "RecursionError"
    assert len(error["frames"]) == child.MAX_FRAMES
    assert error["frames"][-1][:2] == [2, "f"]


def test_a_metaclass_that_hides_the_signature_is_left_to_the_calls() -> None:
    source = "class M(type):\n    @property\n    def __signature__(cls): raise SystemExit\nclass f(metaclass=M): pass\n"
    found, answer = load(source)
    assert isinstance(found, type)
    assert answer == {"ok": True, "class": True}


# -- one case --------------------------------------------------------------------------------------------------------


def perform(entry: Any, *steps: dict[str, Any], limit: int = 1 << 20, **more: Any) -> wire.Frame:
    lines = [{"op": "call", "args": [], "kwargs": {}, "target": None, **step} for step in steps]
    header = {"case": 4, "limit": limit, "dtype": "float32", "tensors": [], "steps": lines, **more}
    (frame,) = wire.Decoder().feed(child.perform(entry, header, memoryview(b""), FILE))
    assert frame.kind == wire.DONE
    assert frame.header["case"] == 4
    return frame


def test_an_exception_keeps_the_results_before_it() -> None:
    answers = iter([torch.ones(1)])
    header = perform(lambda: next(answers), {}, {}).header
    assert header["results"] == [{"t": 0}]
    assert header["error"]["type"] == "StopIteration"
    assert header["error"]["step"] == 1


def test_a_watched_case_tells_what_changed_and_sends_the_inputs_back() -> None:
    tensors = [["float32", [2], [1], 2]]
    payload = memoryview(torch.tensor([1.0, 2.0]).numpy().tobytes())
    step: dict[str, Any] = {"op": "call", "args": [{"t": 0}], "kwargs": {}, "target": None}
    header = {"case": 0, "limit": 99, "dtype": "float32", "tensors": tensors, "steps": [step], "watched": True}
    (frame,) = wire.Decoder().feed(child.perform(lambda x: x.add_(torch.rand(1) + 1).sum(), header, payload, FILE))
    assert frame.header["changed"] == ["rng"]
    assert frame.header["inputs"] == [{"t": 1}]
    assert frame.header["tensors"] == [["float32", []], ["float32", [2]]]


@pytest.mark.parametrize("result", [["x" * wire.MAX_HEADER], torch.zeros(1000)], ids=["all together", "one tensor"])
def test_results_that_are_too_large_are_told_and_not_sent(result: Any) -> None:
    header = perform(lambda: result, {}, limit=100).header
    assert header["error"]["type"] == "Unsuitable"
    assert header["error"]["step"] == 1
    assert "too large" in header["error"]["message"] or "over the limit" in header["error"]["message"]


def test_half_a_surrogate_pair_in_a_message_can_still_be_reported() -> None:
    def entry() -> Any:
        raise ValueError("\ud800 is no letter")

    assert perform(entry, {}).header["error"]["message"] == "? is no letter"


def test_a_result_with_hostile_methods_is_an_error_of_its_own() -> None:
    class Hostile(dict):  # type: ignore[type-arg]
        def items(self) -> Any:
            raise SystemExit("gone")

    header = perform(Hostile, {}).header
    assert header["error"]["type"] == "SystemExit"
    assert header["results"] == []


def test_a_constructor_sees_the_usual_start_also_when_its_weights_come_right_after() -> None:
    class Remembers(nn.Linear):
        def __init__(self, width: int) -> None:
            super().__init__(width, width, bias=False)
            self.start = float(self.weight.detach().norm())

    weights = {"weight": 0}
    step = {"op": "construct", "args": [3], "kwargs": {}, "weights": weights}
    made = Interpreter(Remembers, [torch.ones(3, 3)], torch.float32).construct(0, step)
    assert made.start > 0
    assert torch.equal(made.weight, torch.ones(3, 3))


def test_a_module_whose_weights_stay_its_own_starts_as_usual() -> None:
    step = {"op": "construct", "args": [3, 2], "kwargs": {}}
    made = Interpreter(nn.Linear, [], torch.float32).construct(0, step)
    assert made.weight.count_nonzero() > 0
