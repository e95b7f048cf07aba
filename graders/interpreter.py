"""Carries out scripts: the same on a submission, inside its jail, and on the reference, on the trusted side.

Imports torch, the standard library and wire.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from graders import wire

DTYPES: dict[str, torch.dtype] = {name: getattr(torch, name) for name in wire.ITEMSIZE}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


class Unsuitable(Exception):
    """A result or a module that cannot be judged; its message is for the learner."""


class Toy(nn.Module):
    """A causal language model made of one table: logits[b, t] = table[state], the state runs over ids[b, :t + 1].

    Shapes: ids (B, L) of ints -> logits (B, L, V); table (M, V).
    """

    table: Tensor

    def __init__(self, table: Tensor, multiplier: int) -> None:
        super().__init__()
        self.register_buffer("table", table)
        self.multiplier = multiplier

    def forward(self, input_ids: Tensor) -> Tensor:
        if input_ids.dim() != 2 or input_ids.is_floating_point():
            raise ValueError(f"the model takes ids (B, L) of ints, not {tuple(input_ids.shape)} of {input_ids.dtype}")
        if input_ids.shape[1] == 0:
            raise ValueError("the model takes at least one id a row")
        if not bool(((input_ids >= 0) & (input_ids < self.table.shape[1])).all()):
            raise ValueError(f"the model knows ids 0 to {self.table.shape[1] - 1}")
        state = torch.zeros_like(input_ids[:, 0])  # (B,)
        states = []
        for t in range(input_ids.shape[1]):
            state = (state * self.multiplier + input_ids[:, t] + 1) % self.table.shape[0]
            states.append(state)
        return self.table[torch.stack(states, dim=1)]  # (B, L, V)


def output_weight(value: Tensor, number: int) -> Tensor:
    """The fixed weights by which output `number` enters the loss: irregular, never zero for long, the same on both sides."""
    index = torch.arange(value.numel(), dtype=torch.float64, device=value.device)
    return (((index + 1 + number) * 0.7548776662466927) % 1.0 - 0.4).reshape(value.shape).to(value.dtype)


def flatten_floating(tree: Any) -> list[Tensor]:
    """The floating tensors of a result, in order."""
    if isinstance(tree, Tensor):
        return [tree] if tree.is_floating_point() else []
    if isinstance(tree, dict):
        return [leaf for value in tree.values() for leaf in flatten_floating(value)]
    if isinstance(tree, list | tuple):
        return [leaf for value in tree for leaf in flatten_floating(value)]
    return []


def follow(value: Any, path: list[Any]) -> Any:
    """Applies the indices of a reference: {"i": int}, {"k": str}, {"x": [index, ...]} (a tensor index)."""
    for part in path:
        if "k" in part:
            value = value[part["k"]]
        elif "i" in part:
            value = value[part["i"]]
        else:
            value = value[tuple(_index(item) for item in part["x"])]
    return value


def _index(item: Any) -> Any:
    if item == "...":
        return Ellipsis
    if isinstance(item, dict):
        return slice(*item["s"])
    return item


class Interpreter:
    """Carries out one script on one entry. `tensors` are the script's tensors; results stay here for later steps."""

    def __init__(
        self,
        entry: Callable[..., Any],
        tensors: list[Tensor],
        dtype: torch.dtype,
        construct: Callable[..., Any] | None = None,
        named: Callable[[nn.Module], dict[str, nn.Parameter]] | None = None,
    ) -> None:
        self.entry = entry
        self.tensors = tensors
        self.dtype = dtype
        self.results: list[Any] = []
        self.changed: set[str] = set()  # global state that a call changed
        self._make = construct or entry
        self._named = named or named_parameters
        self._made: dict[int, Any] = {}  # step -> how it was constructed

    def run(self, steps: list[dict[str, Any]], watched: bool = False) -> None:
        """Carries out every step; what the submission raises is left to the caller, with the results so far kept."""
        for number, step in enumerate(steps):
            action = getattr(self, step["op"])
            if watched and step["op"] == "call":
                before = _global_state()
                value = action(number, step)
                self._note_changes(before, step)
            else:
                value = action(number, step)
            self.results.append(value)

    def _note_changes(self, before: dict[str, Any], step: dict[str, Any]) -> None:
        after = _global_state()
        target = self.results[step["target"]["r"][0]] if step.get("target") else None
        training = isinstance(target, nn.Module) and target.training
        for name, value in before.items():
            same = torch.equal(value, after[name]) if isinstance(value, Tensor) else value == after[name]
            if not same and not (name == "rng" and training):
                self.changed.add(name)

    # -- one method an operation -----------------------------------------------------------------------------------

    def construct(self, number: int, step: dict[str, Any]) -> Any:
        """Constructs the entry as a step says, moves it to the case's dtype, sets eval mode and loads the weights."""
        args, kwargs = self.arguments(step)
        weights = step.get("weights")
        made = self._make(*args, **kwargs)
        self._made[number] = (args, kwargs)
        if isinstance(made, nn.Module):
            ours = self._make is not self.entry  # a maker of ours, that has moved it already and knows its modules
            if self.dtype is not torch.float32 and not ours:
                made.to(self.dtype)
            if made.training or not ours:
                made.eval()
            if weights is not None:
                load_weights(self._named(made), {name: self.tensors[index] for name, index in weights.items()})
        return made

    def call(self, _number: int, step: dict[str, Any]) -> Any:
        target = self.entry if step.get("target") is None else self.value(step["target"])
        if step.get("method"):
            target = getattr(target, step["method"])
        args, kwargs = self.arguments(step)
        return target(*args, **kwargs)

    def mode(self, _number: int, step: dict[str, Any]) -> None:
        self.value(step["target"]).train(step["train"])

    def reload(self, _number: int, step: dict[str, Any]) -> Any:
        source = step["target"]["r"][0]
        module = self.results[source]
        args, kwargs = self._made[source]
        other = self.entry(*args, **kwargs)
        other.to(self.dtype)
        other.load_state_dict(copy.deepcopy(module.state_dict()))
        other.train(module.training)
        return other

    def describe(self, _number: int, step: dict[str, Any]) -> dict[str, Any]:
        return describe(self.value(step["target"]))

    def backward(self, _number: int, step: dict[str, Any]) -> dict[str, Any]:
        leaves = [self.tensors[index] for index in step["wrt"]]
        modules = [(n, m) for n, m in enumerate(self.results) if isinstance(m, nn.Module) and n in self._made]
        for leaf in leaves:
            leaf.grad = None
        for _, module in modules:
            module.zero_grad(set_to_none=True)
        outputs = flatten_floating([self.value(item) for item in step["of"]])
        terms = [(y * output_weight(y.detach(), n)).sum() for n, y in enumerate(outputs) if y.requires_grad]
        if not terms:
            raise Unsuitable("no output depends on an input or a parameter in a way that autograd can follow")
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        total.backward()  # type: ignore[no-untyped-call]
        return {
            "inputs": {str(index): leaf.grad for index, leaf in zip(step["wrt"], leaves, strict=True)},
            "parameters": {str(n): {name: p.grad for name, p in m.named_parameters()} for n, m in modules},
        }

    # -- values ------------------------------------------------------------------------------------------------------

    def arguments(self, step: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """The arguments of a call or a construction."""
        return [self.value(item) for item in step["args"]], {k: self.value(item) for k, item in step["kwargs"].items()}

    def value(self, item: Any) -> Any:
        """The Python value of an encoded argument (graders/program.py encodes)."""
        if not isinstance(item, dict):
            return item
        (tag, body), *rest = item.items()
        if tag == "t":
            return self.tensors[body]
        if tag == "r":
            return follow(self.results[body[0]], body[1])
        if tag == "l":
            return [self.value(part) for part in body]
        if tag == "u":
            return tuple(self.value(part) for part in body)
        if tag == "d":
            return {key: self.value(part) for key, part in body.items()}
        if tag == "f":
            return float(body)
        if tag == "dtype":
            return DTYPES[body]
        if tag == "toy":
            return Toy(self.tensors[body], dict(rest)["multiplier"])
        raise ValueError(f"unknown value {tag!r}")


def named_parameters(module: nn.Module) -> dict[str, nn.Parameter]:
    """Every parameter of a module by its name."""
    return dict(module.named_parameters())


def load_weights(parameters: dict[str, nn.Parameter], weights: dict[str, Tensor]) -> None:
    """Copies the given values into the parameters of these names; every parameter must be given."""
    if parameters.keys() != weights.keys():
        strange = sorted(parameters.keys() ^ weights.keys())
        raise Unsuitable(
            f"parameters change their names with the arguments of the constructor: {', '.join(strange[:6])}"
        )
    with torch.no_grad():
        for name, parameter in parameters.items():
            if parameter.shape != weights[name].shape:
                raise Unsuitable(
                    f"parameter {name} has shape {tuple(parameter.shape)}; {tuple(weights[name].shape)} was expected"
                )
            parameter.copy_(weights[name])


def describe(module: Any) -> dict[str, Any]:
    """Names and shapes of a module's parameters and buffers."""
    if not isinstance(module, nn.Module):
        return {"parameters": [], "buffers": [], "training": False, "module": False}
    return {
        "parameters": [[name, list(p.shape), p.requires_grad] for name, p in module.named_parameters()],
        "buffers": [[name, list(b.shape)] for name, b in module.named_buffers()],
        "training": module.training,
        "module": True,
    }


def _global_state() -> dict[str, Any]:
    return {
        "rng": torch.get_rng_state(),
        "default_dtype": torch.get_default_dtype(),
        "threads": torch.get_num_threads(),
        "grad_mode": torch.is_grad_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
    }
