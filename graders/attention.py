"""Watches trusted code while it computes attention, and notes its weights: what each query looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from graders.program import Program, carry_out

# What is still done to weights before they meet the values: masks afterwards, NaN of empty rows, renormalising, dropout.
AFTERWARDS = {
    *("masked_fill", "where", "nan_to_num", "dropout", "mul", "rmul", "imul", "div", "truediv", "itruediv"),
    *("to", "float", "double", "half", "bfloat16", "type_as"),
}
MAPS = 32  # noted of one case


class _Watch(TorchFunctionMode):
    """Every softmax over at least two axes, as it is after what is done to it element by element.

    Not a TorchDispatchMode, which would see more: entering one imports dynamo, 823 modules in three seconds.
    """

    def __init__(self) -> None:
        super().__init__()
        self.maps: list[Tensor] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", "").strip("_")
        if not isinstance(made, Tensor) or made.dim() < 2:
            return made
        if len(self.maps) < MAPS and name == "softmax":
            self.maps.append(made)
        elif len(self.maps) < MAPS and name == "scaled_dot_product_attention" and len(args) > 2:
            query, key, _, *more = args
            one = torch.eye(
                key.shape[-2], dtype=query.dtype, device=query.device
            )  # (S, S): weights @ 1 are the weights
            self.maps.append(func(query, key, one.expand(*key.shape[:-1], -1), *more, **(kwargs or {})))
        elif name in AFTERWARDS:
            for number, known in enumerate(self.maps):
                if known.shape == made.shape and any(arg is known for arg in args):
                    self.maps[number] = made
        return made


def attention_maps(program: Program, entry: Callable[..., Any], dtype: torch.dtype) -> list[Tensor]:
    """The weights (..., L, S) that trusted code computes in a case, in order; none where it computes none by softmax."""
    watch = _Watch()
    with torch.random.fork_rng(devices=[]), watch:  # a mistake may draw from the global generator
        carry_out(program, entry, dtype, program.constructs)
    return [known.detach().clone() for known in watch.maps]
