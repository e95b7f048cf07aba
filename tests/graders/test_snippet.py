"""How a snippet's last value is turned into text: whole where it is small, cut where it is not."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from graders import snippet


def ran(source: str, **names: Any) -> Any:
    return snippet.run(source, {"__name__": "solution", **names})


def test_the_value_is_that_of_the_last_expression() -> None:
    assert ran("x = 2\nx + 1") == 3
    assert ran("x = 2") is None
    assert ran("# nothing") is None


def test_names_of_the_submission_and_of_torch_are_at_hand() -> None:
    assert ran("double(3)", double=lambda x: 2 * x) == 6
    assert ran("F.relu(nn.Parameter(torch.tensor([-1.0])))").tolist() == [0.0]
    assert ran("F", F=7) == 7  # the submission's own name comes first


def test_a_snippet_may_define_names_for_its_own_functions() -> None:
    assert ran("n = 3\ndef f():\n    return n\nf()") == 3


def test_a_tensor_is_told_with_shape_dtype_and_values() -> None:
    told = snippet.tell(torch.tensor([[1.5, 2.0]], dtype=torch.float64))
    assert told["value"].splitlines()[0] == "shape (1, 2), float64"
    assert "1.5000, 2.0000" in told["value"]
    assert told["shapes"] == [["value", [1, 2], "float64"]]


def test_containers_are_told_item_by_item() -> None:
    told = snippet.tell((torch.zeros(2), {"k": [torch.ones(1, dtype=torch.int64), 5]}))
    assert told["shapes"] == [["value[0]", [2], "float32"], ["value[1]['k'][0]", [1], "int64"]]
    assert told["value"].splitlines()[:2] == ["tuple of 2", "[0] shape (2,), float32"]
    assert snippet.tell([1, "a"]) == {"value": "[1, 'a']", "shapes": []}


@pytest.mark.parametrize(
    "value",
    [
        "a" * 100_000,
        list(range(100_000)),
        [torch.zeros(100) for _ in range(5_000)],
        torch.zeros(2, 2, 2, 2, 2, 2, 2, 2, 2, 2),
        nn.Sequential(*(nn.Linear(1, 1) for _ in range(2_000))),
    ],
)
def test_a_long_value_is_cut(value: Any) -> None:
    told = snippet.tell(value)
    assert len(told["value"]) <= snippet.MAX_VALUE + 4
    assert len(told["shapes"]) <= snippet.MAX_SHAPES


def test_a_value_that_holds_itself_comes_to_an_end() -> None:
    loop: list[Any] = [torch.zeros(1)]
    loop.append(loop)
    assert len(snippet.tell(loop)["value"]) <= snippet.MAX_VALUE + 4


def test_nothing_is_told_of_none() -> None:
    assert snippet.tell(None) == {"value": None, "shapes": []}
