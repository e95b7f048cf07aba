"""Programs: a kata's cases drawn from a seed, encoded for the jail, and carried out on the reference (trusted side)."""

from __future__ import annotations

import importlib
import inspect
import json
import math
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, overload

import torch
from torch import Tensor, nn

from graders import wire
from graders.binding import Config
from graders.draw import Draw
from graders.interpreter import DTYPES, NAMES, Interpreter, named_parameters
from katas.bank import Kata, KataError
from katas.script import Case, Module, Result, Toy


@dataclass
class Outcome:
    """What carrying out a program gave: a result a step (modules are None), and the exception that ended it."""

    results: list[Any]
    error: BaseException | dict[str, Any] | None = None
    error_step: int = 0
    changed: list[str] = field(default_factory=list)
    inputs: list[Tensor] = field(default_factory=list)  # tensors after the run, of watched cases


@dataclass
class Program:
    """A case made ready to be carried out anywhere."""

    case: Case
    steps: list[dict[str, Any]]
    tensors: list[Tensor]
    leaves: list[int]
    constructs: dict[int, dict[str, Tensor]]  # step -> role -> value, for steps that inject weights
    configs: dict[int, Config]  # the same steps -> constructor arguments by name
    arguments: list[tuple[str, int]]  # (name of the argument, tensor) in order of first use
    dtype: torch.dtype
    memo: dict[str, Any] = field(default_factory=dict)  # outcomes of the reference, by dtype

    def frame(self, number: int, limit: int, weights: dict[int, dict[str, Tensor]]) -> bytes:
        """The CASE frame; `weights`: step -> name of the submission's parameter -> value."""
        tensors = list(self.tensors)
        steps = list(self.steps)
        for step, values in weights.items():
            names = {}
            for name, value in values.items():
                names[name] = len(tensors)
                tensors.append(value)
            steps[step] = {**steps[step], "weights": names}
        rows, payload = [], []
        for tensor in tensors:
            count, data = _storage(tensor)
            rows.append([NAMES[tensor.dtype], list(tensor.shape), list(tensor.stride()), count])
            payload.append(data)
        header = {
            "case": number,
            "dtype": self.case.dtype,
            "steps": steps,
            "tensors": rows,
            "leaves": self.leaves,
            "watched": self.case.watched,
            "limit": limit,
        }
        return wire.pack(wire.CASE, header, payload)


def _storage(tensor: Tensor) -> tuple[int, bytes | memoryview]:
    """Elements and bytes of the stretch of storage that a tensor looks at."""
    if tensor.numel() == 0:
        return 0, b""
    if tensor.dtype is torch.float32 and tensor.is_contiguous():  # nearly all of them: the short way
        return tensor.numel(), tensor.detach().numpy().tobytes()
    count = 1 + sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride(), strict=True))
    flat = tensor.detach().as_strided((count,), (1,)).contiguous()
    return count, flat.view(torch.uint8).numpy().data


class _Encoder:
    """Turns recorded steps into JSON and a list of tensors."""

    def __init__(self) -> None:
        self.tensors: list[Tensor] = []
        self._seen: dict[int, int] = {}

    def tensor(self, tensor: Tensor) -> int:
        """The number of a tensor; the same object keeps its number."""
        if id(tensor) not in self._seen:
            self._seen[id(tensor)] = len(self.tensors)
            self.tensors.append(tensor)
        return self._seen[id(tensor)]

    def value(self, item: Any) -> Any:
        """The encoded form that `Interpreter.value` reads."""
        if isinstance(item, Tensor):
            return {"t": self.tensor(item)}
        if isinstance(item, Result):
            return {"r": [item.step, [_path(part) for part in item.path]]}
        if isinstance(item, Module):
            return {"r": [item.step, []]}
        if isinstance(item, Toy):
            return {"toy": self.tensor(item.table), "multiplier": item.multiplier}
        if isinstance(item, torch.dtype):
            return {"dtype": NAMES[item]}
        if isinstance(item, float) and not math.isfinite(item):
            return {"f": repr(item)}
        if item is None or isinstance(item, bool | int | float | str):
            return item
        if isinstance(item, tuple):
            return {"u": [self.value(part) for part in item]}
        if isinstance(item, list):
            return {"l": [self.value(part) for part in item]}
        if isinstance(item, dict):
            return {"d": {str(key): self.value(part) for key, part in item.items()}}
        raise TypeError(
            f"a case cannot pass a {type(item).__name__}: tensors, numbers, strings, dtypes, Toy and results"
        )


def _path(part: Any) -> dict[str, Any]:
    if isinstance(part, str):
        return {"k": part}
    if isinstance(part, int):
        return {"i": part}
    parts = part if isinstance(part, tuple) else (part,)
    return {"x": [_index(item) for item in parts]}


def _index(item: Any) -> Any:
    if item is Ellipsis:
        return "..."
    if isinstance(item, slice):
        return {"s": [item.start, item.stop, item.step]}
    if isinstance(item, Tensor):
        return item.tolist()
    if item is None or isinstance(item, int) or (isinstance(item, list) and all(isinstance(n, int) for n in item)):
        return item
    raise TypeError(f"a result cannot be indexed by {item!r}: ints, slices, `...`, None and lists of ints")


def _floating(item: Any, encoder: _Encoder) -> Iterator[int]:
    if isinstance(item, Tensor) and item.is_floating_point():
        yield encoder.tensor(item)
    elif isinstance(item, list | tuple):
        for part in item:
            yield from _floating(part, encoder)
    elif isinstance(item, dict):
        for part in item.values():
            yield from _floating(part, encoder)


def _named_tensors(name: str, item: Any) -> Iterator[tuple[str, Tensor]]:
    """The tensors of an argument: `query`, or `cache[0]` inside a tuple."""
    if isinstance(item, Tensor):
        yield name, item
    elif isinstance(item, list | tuple):
        for number, part in enumerate(item):
            yield from _named_tensors(f"{name}[{number}]", part)


class Sheet(Sequence[Program]):
    """The cases of one grade; a jail works on the first ones while the last ones are still being encoded."""

    def __init__(self, cases: list[Case], encode: Callable[[Case], Program]) -> None:
        self.cases = cases
        self._encode = encode
        self._known: dict[int, Program] = {}

    def __len__(self) -> int:
        return len(self.cases)

    @overload
    def __getitem__(self, index: int) -> Program: ...
    @overload
    def __getitem__(self, index: slice) -> list[Program]: ...
    def __getitem__(self, index: int | slice) -> Program | list[Program]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = range(len(self))[index]
        if number not in self._known:
            self._known[number] = self._encode(self.cases[number])
        return self._known[number]

    def visible(self) -> Sheet:
        """The cases of a run."""
        return Sheet([case for case in self.cases if case.visible], self._encode)


class Reference:
    """The right answer of one kata, and its cases."""

    def __init__(self, kata: Kata) -> None:
        self.kata = kata
        self.entry = load_entry(kata)
        self.is_class = isinstance(self.entry, type)
        self._modules: dict[tuple[Any, ...], nn.Module] = {}
        self._named_known: dict[int, dict[str, nn.Parameter]] = {}  # of those modules, by id
        self._shapes: dict[str, dict[str, torch.Size]] = {}
        self._cases = module_of(kata, "cases.py", kata.cases_source).get("cases")
        if not callable(self._cases):
            raise KataError(kata.id, "cases.py", "defines no function `cases(draw)`")
        self._parameters = _argument_names(self.entry, self.is_class)
        self._signature = inspect.signature(self.entry)

    def programs(self, seed: int) -> list[Program]:
        """All cases, drawn from `seed` and encoded. Raises KataError where cases.py is wrong."""
        return list(self.sheet(seed))

    def sheet(self, seed: int) -> Sheet:
        """All cases, drawn from `seed`, each encoded when it is needed. Raises KataError where cases.py is wrong."""
        assert callable(self._cases)
        try:
            cases: list[Case] = list(self._cases(Draw(seed, self.is_class)))
        except Exception as error:  # cases.py belongs to the kata's author
            raise KataError(self.kata.id, "cases.py", f"{type(error).__name__}: {error}") from error
        names = [case.name for case in cases]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise KataError(self.kata.id, "cases.py", f"two cases are named {twice[0]!r}")
        if not cases:
            raise KataError(self.kata.id, "cases.py", "yields no case")
        return Sheet(cases, self.encode)

    def encode(self, case: Case) -> Program:
        encoder = _Encoder()
        steps: list[dict[str, Any]] = []
        constructs: dict[int, dict[str, Tensor]] = {}
        configs: dict[int, Config] = {}
        arguments: dict[int, str] = {}
        floating: list[int] = []
        leaves: set[int] = set()
        for number, step in enumerate(case.steps):
            options = step.options
            line: dict[str, Any] = {"op": step.op}
            if step.op in ("call", "construct"):
                line["args"] = [encoder.value(item) for item in options["args"]]
                line["kwargs"] = {key: encoder.value(item) for key, item in options["kwargs"].items()}
                if step.op == "call":
                    line["target"] = None if options["target"] is None else encoder.value(options["target"])
                    line["method"] = options.get("method")
                    floating += _floating([options["args"], options["kwargs"]], encoder)
                    for name, item in [
                        *zip(self._parameters, options["args"], strict=False),
                        *options["kwargs"].items(),
                    ]:
                        for part, tensor in _named_tensors(name, item):
                            arguments.setdefault(encoder.tensor(tensor), part)
                elif options.get("load", True):
                    configs[number] = self._config(options["args"], options["kwargs"])
                    constructs[number] = case._source.weights(self.role_shapes(line))
            elif step.op == "backward":
                wrt = options["wrt"]
                chosen = floating if wrt is None else [encoder.tensor(item) for item in wrt]
                line["wrt"] = list(dict.fromkeys(chosen))
                line["of"] = [encoder.value(item) for item in options["of"]]
                leaves.update(line["wrt"])
            else:
                line["target"] = encoder.value(options["target"])
                if step.op == "mode":
                    line["train"] = options["train"]
            steps.append(line)
        named = [(name, index) for index, name in arguments.items()]
        return Program(case, steps, encoder.tensors, sorted(leaves), constructs, configs, named, DTYPES[case.dtype])

    def _config(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Config:
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError:  # a case of refusal
            return {}
        bound.apply_defaults()
        return dict(bound.arguments)

    def role_shapes(self, step: dict[str, Any]) -> dict[str, torch.Size]:
        """Role -> shape of the reference constructed as `step` says; nothing where the constructor refuses."""
        key = json.dumps([step["args"], step["kwargs"]])
        if key not in self._shapes:
            try:
                made = Interpreter(self.entry, [], torch.float32).construct(0, step)
            except Exception:  # noqa: BLE001 a case of refusal
                made = None
            parameters = made.named_parameters() if isinstance(made, nn.Module) else []
            self._shapes[key] = {name: parameter.shape for name, parameter in parameters}
        return self._shapes[key]

    def outcome(self, program: Program, dtype: torch.dtype) -> Outcome:
        """The reference's outcome in `dtype`; computed once a program."""
        key = NAMES[dtype]
        if key not in program.memo:
            made = [number for number, step in enumerate(program.steps) if step["op"] == "construct"]
            # A remembered module carries the weights of an earlier case: right only where new ones are injected.
            construct = self._construct(dtype) if all(program.constructs.get(number) for number in made) else None
            named = self._named if construct is not None else None
            program.memo[key] = carry_out(program, self.entry, dtype, program.constructs, construct, named)
        outcome: Outcome = program.memo[key]
        return outcome

    def _named(self, module: nn.Module) -> dict[str, nn.Parameter]:
        """The parameters of a remembered module: the reference never replaces one."""
        known = self._named_known.get(id(module))
        if known is None:
            known = self._named_known[id(module)] = named_parameters(module)
        return known

    def _construct(self, dtype: torch.dtype) -> Callable[..., Any] | None:
        """Construction with a memory: the second module of the same arguments in one program is a second one."""
        if not self.is_class:
            return None
        used: dict[Any, int] = {}

        def construct(*args: Any, **kwargs: Any) -> Any:
            key = (dtype, repr(args), repr(sorted(kwargs.items())))
            used[key] = used.get(key, 0) + 1
            full = (*key, used[key])
            if full not in self._modules:
                if len(self._modules) > 256:
                    self._modules.clear()
                    self._named_known.clear()
                made = self.entry(*args, **kwargs)
                self._modules[full] = made.to(dtype) if isinstance(made, nn.Module) else made
            return self._modules[full]

        return construct


def carry_out(
    program: Program,
    entry: Callable[..., Any],
    dtype: torch.dtype,
    weights: dict[int, dict[str, Tensor]],
    construct: Callable[..., Any] | None = None,
    named: Callable[[nn.Module], dict[str, nn.Parameter]] | None = None,
) -> Outcome:
    """Carries a program out in this process: only on trusted code (the reference, a mistake of the bank)."""
    tensors = []
    for number, tensor in enumerate(program.tensors):
        wanted = dtype if tensor.is_floating_point() else tensor.dtype
        value = tensor.detach().to(wanted, copy=True)
        tensors.append(value.contiguous().requires_grad_() if number in program.leaves else value)
    steps = list(program.steps)
    for step, values in weights.items():
        if not values:  # the constructor is expected to refuse: whoever does not, keeps its own weights
            continue
        names = {}
        for name, value in values.items():
            names[name] = len(tensors)
            tensors.append(value)  # turned into `dtype` as it is copied into the parameter
        steps[step] = {**steps[step], "weights": names}
    interpreter = Interpreter(entry, tensors, dtype, construct, named)
    backward = any(step["op"] == "backward" for step in steps)
    try:
        with nullcontext() if backward else torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a mistake may well deserve one
            interpreter.run(steps, program.case.watched)
    except Exception as error:  # noqa: BLE001 a refusal is a result
        return Outcome(_data(interpreter.results), error, len(interpreter.results))
    inputs = [t.detach() for t in interpreter.tensors[: len(program.tensors)]]
    return Outcome(_data(interpreter.results), None, 0, sorted(interpreter.changed), inputs)


def _data(results: list[Any]) -> list[Any]:
    return [None if isinstance(value, nn.Module) else _detached(value) for value in results]


def _detached(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach()
    if isinstance(value, dict):
        return {key: _detached(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_detached(part) for part in value)
    return value


def decode_outcome(frame: wire.Frame, steps: int, limit: int) -> Outcome:
    """The outcome that a DONE frame claims. Raises ProtocolFault; every size was compared before it is used."""
    header = frame.header
    specs = wire.tensor_table(header, len(frame.payload), limit)
    tensors = [_tensor(spec, frame.payload) for spec in specs]
    results = header.get("results")
    error = header.get("error")
    if not isinstance(results, list) or len(results) > steps or not (error is None or isinstance(error, dict)):
        raise wire.ProtocolFault("results and error have the wrong form")
    if error is None and len(results) != steps:
        raise wire.ProtocolFault(f"{len(results)} results for {steps} steps")
    changed = header.get("changed", [])
    inputs = header.get("inputs", [])
    if not (isinstance(changed, list) and all(isinstance(name, str) for name in changed) and isinstance(inputs, list)):
        raise wire.ProtocolFault("changed and inputs have the wrong form")
    decoded = [decode_tree(item, tensors) for item in results]
    after = [decode_tree(item, tensors) for item in inputs]
    if not all(isinstance(item, Tensor) for item in after):
        raise wire.ProtocolFault("inputs are not tensors")
    step = error.get("step", 0) if error is not None else 0
    return Outcome(decoded, error, step if type(step) is int else 0, [name[:40] for name in changed[:8]], after)


def _tensor(spec: wire.TensorSpec, payload: memoryview) -> Tensor:
    dtype = DTYPES[spec.dtype]
    if spec.size == 0:
        return torch.empty(spec.shape, dtype=dtype)
    data = bytearray(payload[spec.start : spec.start + spec.size])
    if dtype is torch.bool:  # any other byte than 0 and 1 is no bool
        data = bytearray(1 if byte else 0 for byte in data)
    return torch.frombuffer(data, dtype=dtype).reshape(spec.shape)


def decode_tree(item: Any, tensors: list[Tensor], depth: int = 0) -> Any:
    """A result from its JSON; ProtocolFault where it has no form of ours."""
    if item is None or isinstance(item, bool | str) or (isinstance(item, int) and abs(item) < 1 << 62):
        return item
    if not isinstance(item, dict) or len(item) != 1 or depth > 16:
        raise wire.ProtocolFault("a result has no known form")
    ((tag, body),) = item.items()
    if tag == "t" and type(body) is int and 0 <= body < len(tensors):
        return tensors[body]
    if tag in ("l", "u") and isinstance(body, list):
        parts = [decode_tree(part, tensors, depth + 1) for part in body]
        return parts if tag == "l" else tuple(parts)
    if tag == "d" and isinstance(body, dict):
        return {key: decode_tree(part, tensors, depth + 1) for key, part in body.items()}
    if tag == "f" and isinstance(body, str) and len(body) < 40:
        try:
            return float(body)
        except ValueError:
            raise wire.ProtocolFault("a number is none") from None
    if tag == "x" and isinstance(body, str):
        return Strange(body[:80])
    raise wire.ProtocolFault("a result has no known form")


@dataclass(frozen=True)
class Strange:
    """A result that is no data: only the name of its type crossed."""

    name: str


def load_entry(kata: Kata) -> Callable[..., Any]:
    """The right answer: reference.<track>.<entry>, or reference.py of an outside kata."""
    path = kata.reference_source
    if path is not None:
        space: Any = module_of(kata, "reference.py", path.read_text(encoding="utf-8"))
    else:
        try:
            space = vars(importlib.import_module(f"reference.{kata.track}"))
        except ModuleNotFoundError:
            raise KataError(kata.id, "kata.toml", f"there is no reference/{kata.track}.py") from None
    entry = space.get(kata.entry)
    if not callable(entry):
        raise KataError(kata.id, "kata.toml", f"reference/{kata.track}.py defines no `{kata.entry}`")
    return entry  # type: ignore[no-any-return]


def load_source(kata: Kata, file: str, source: str) -> Callable[..., Any]:
    """The entry of a trusted source file of the bank, as a mistake."""
    entry = module_of(kata, file, source).get(kata.entry)
    if not callable(entry):
        raise KataError(kata.id, file, f"defines no `{kata.entry}`")
    return entry  # type: ignore[no-any-return]


def module_of(kata: Kata, file: str, source: str) -> dict[str, Any]:
    """The names that a trusted file of the bank defines. Raises KataError with what it raised."""
    module = types.ModuleType(f"katas.{kata.id}.{file.removesuffix('.py').replace('/', '.')}")
    try:
        exec(compile(source, str(kata.folder / file), "exec"), module.__dict__)
    except Exception as error:  # the bank's own file
        raise KataError(kata.id, file, f"{type(error).__name__}: {error}") from error
    return module.__dict__


def _argument_names(entry: Callable[..., Any], is_class: bool) -> list[str]:
    target = getattr(entry, "forward", entry) if is_class else entry
    names = list(inspect.signature(target).parameters)
    return names[1:] if is_class else names
