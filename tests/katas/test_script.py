"""A case records a script: nothing is computed, and what an author writes is what will be carried out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from katas.script import Case, Check, Group, Module, Result, Step, Text


def case(entry_is_class: bool = False, group: Group = Group.CORRECTNESS) -> Case:
    source = SimpleNamespace(
        entry_is_class=entry_is_class,
        normal=lambda *shape, scale: ("normal", shape, scale),
        uniform=lambda *shape, low, high: ("uniform", shape, low, high),
        integers=lambda *shape, low, high: ("integers", shape, low, high),
        mask=lambda *shape, keep, full_rows: ("mask", shape, keep, full_rows),
        permutation=lambda n: ("permutation", n),
    )
    return Case(Text("one", "一"), group=group, visible=False, degenerate=False, dtype="float32", source=source)


def test_calling_a_function_records_a_call() -> None:
    one = case()
    result = one.entry(1, scale=2)
    assert isinstance(result, Result)
    assert one.steps == [Step("call", {"target": None, "args": (1,), "kwargs": {"scale": 2}})]
    assert result.step == 0


def test_a_class_is_constructed_then_called_switched_reloaded_and_described() -> None:
    one = case(entry_is_class=True)
    module = one.entry(8, heads=2)
    assert isinstance(module, Module)
    module.train()
    out = module(1, mask=2)
    module.eval()
    module.method("reset", 3)
    other = module.reloaded()
    facts = module.describe()
    assert [step.op for step in one.steps] == ["construct", "mode", "call", "mode", "call", "reload", "describe"]
    assert one.steps[0].options == {"args": (8,), "kwargs": {"heads": 2}}
    assert [one.steps[n].options["train"] for n in (1, 3)] == [True, False]
    assert one.steps[2].options == {"target": module, "args": (1,), "kwargs": {"mask": 2}}
    assert one.steps[4].options["method"] == "reset"
    assert (out.step, other.step, facts.step) == (2, 5, 6)
    assert isinstance(other, Module)
    assert [step.compare for step in one.steps] == [True] * 6 + [False]


def test_an_unweighted_module_keeps_the_values_of_its_constructor() -> None:
    one = case(entry_is_class=True)
    one.unweighted(8)
    assert one.steps[0].options["load"] is False


def test_results_are_indexed_and_never_unpacked() -> None:
    result = case().entry()
    part = result[0]["k"][..., 1:2]
    assert (part.step, part.path) == (0, (0, "k", (..., slice(1, 2))))
    assert result.path == ()
    with pytest.raises(TypeError, match="cannot be unpacked: index it"):
        _, _ = result
    with pytest.raises(TypeError, match="cannot be unpacked"):
        list(result)


def test_a_result_that_is_a_function_can_be_called() -> None:
    one = case()
    result = one.entry()
    called = result[1](5)
    assert one.steps[1].options == {"target": result[1], "args": (5,), "kwargs": {}}
    assert called.step == 1


def test_backward_takes_results_and_what_to_differentiate() -> None:
    one = case()
    x: Any = object()
    out = one.entry(x)
    grads = one.backward(out, out[0], wrt=(x,))
    assert one.steps[1].options == {"of": (out, out[0]), "wrt": (x,)}
    assert grads.step == 1


def test_an_unchecked_result_stays_a_step_and_is_not_compared() -> None:
    one = case()
    out = one.entry(1)
    assert one.unchecked(out) is out
    assert one.steps[0] == Step("call", {"target": None, "args": (1,), "kwargs": {}}, compare=False)


def test_checks_and_refusals_carry_their_sentences() -> None:
    one = case()
    out = one.entry(1)

    def predicate(value: Any) -> bool:
        return bool(value)

    one.same(out, 3, en="differs", zh="不同")
    one.holds(predicate, out, en="is false", zh="不成立")
    one.refused(en="too long", zh="过长")
    assert one.checks == [
        Check("same", (out, 3), Text("differs", "不同")),
        Check("holds", (out,), Text("is false", "不成立"), predicate),
    ]
    assert one.refusal == Text("too long", "过长")
    assert len(one.steps) == 1


def test_drawing_asks_the_source_with_the_defaults() -> None:
    one: Any = case()
    assert one.normal(2, 3) == ("normal", (2, 3), 1.0)
    assert one.uniform(2) == ("uniform", (2,), 0.0, 1.0)
    assert one.integers(2, high=9) == ("integers", (2,), 0, 9)
    assert one.mask(2, 3) == ("mask", (2, 3), 0.6, True)
    assert one.permutation(4) == ("permutation", 4)


def test_only_hygiene_is_watched() -> None:
    assert [group for group in Group if case(group=group).watched] == [Group.HYGIENE]
    assert case().name == "one"
