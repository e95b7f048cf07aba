"""Judges one case: what came from the jail against the reference. Values in, a CaseResult out."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from graders.binding import Binding
from graders.program import Outcome, Program, Strange
from graders.tensors import Mismatch, check_tensor, differing, largest, view
from graders.verdict import CaseResult, Shape, Status, Text
from katas.bank import Kata
from katas.script import Group, Result


@dataclass(frozen=True)
class Yardstick:
    """What a case is measured with."""

    program: Program
    expected: Outcome  # the reference in float64
    in_dtype: Callable[[], Outcome]  # the reference in the case's dtype, computed only when it matters
    binding: Binding | None
    kata: Kata


def judge(yard: Yardstick, actual: Outcome, seconds: float = 0.0, file: str = "solution.py") -> CaseResult:
    """Compares one outcome. Never raises for anything that the jail sent."""
    case = yard.program.case
    base: dict[str, Any] = {
        "name": case.name,
        "title": Text(en=case.title.en, zh=case.title.zh),
        "group": str(case.group),
        "visible": case.visible,
        "seconds": round(seconds, 6),
        "shapes": shapes_of(yard.program, yard.kata),
    }
    if case.refusal is not None:
        return _judge_refusal(base, case.refusal, actual, file)
    if actual.error is not None:
        return CaseResult(**base, status=Status.ERROR, check="error", **_error_fields(actual.error, file))
    found = first_mismatch(yard, actual)
    if found is not None:
        return CaseResult(**base, status=Status.FAILED, check=found.check, message=found.text, **found.fields)
    return CaseResult(**base, status=Status.PASSED)


def first_mismatch(yard: Yardstick, actual: Outcome) -> Mismatch | None:
    """The first rule that an outcome without an exception breaks, with the tensors that were compared."""
    case = yard.program.case
    try:
        relations_first = case.group in (Group.PROPERTY, Group.DISTRIBUTION)
        if relations_first:
            _check_relations(yard, actual)
        _check_results(yard, actual)
        if not relations_first:
            _check_relations(yard, actual)
        if case.watched:
            _check_hygiene(yard, actual)
    except Mismatch as found:
        return found
    return None


def shapes_of(program: Program, kata: Kata) -> list[Shape]:
    """The shapes of the case's tensor arguments, axes named where kata.toml names them."""
    shapes = []
    for name, index in program.arguments:
        tensor = program.tensors[index]
        axes = kata.axes.get(name, "").split()
        if axes and axes[0] == "...":
            axes = [""] * (tensor.dim() - len(axes) + 1) + axes[1:]
        if len(axes) != tensor.dim():
            axes = []
        dtype = str(tensor.dtype).removeprefix("torch.")
        # Not validated: a grade makes hundreds of them, and every field was made here.
        shapes.append(Shape.model_construct(name=name, dims=list(tensor.shape), axes=axes, dtype=dtype))
    return shapes


def _judge_refusal(base: dict[str, Any], refusal: Any, actual: Outcome, file: str) -> CaseResult:
    if actual.error is None:
        text = Text(en=f"nothing was refused: {refusal.en}", zh=f"没有拒绝：{refusal.zh}")
        return CaseResult(**base, status=Status.FAILED, check="refusal", message=text)
    fields = _error_fields(actual.error, file)
    message = _error_parts(actual.error)[1]
    if sum(letter.isalpha() for letter in message) >= 3:
        return CaseResult(**base, status=Status.PASSED)
    kind = _error_parts(actual.error)[0]
    text = Text(
        en=f"it was refused by a bare {kind}: say in the exception what is wrong",
        zh=f"只抛出了没有说明的 {kind}：请在异常里写明哪里不对",
    )
    return CaseResult(
        **base, status=Status.FAILED, check="refusal_text", message=text, traceback=fields.get("traceback", [])
    )


def _error_parts(error: Any) -> tuple[str, str]:
    if isinstance(error, BaseException):
        return type(error).__name__, str(error)
    kind, message = error.get("type"), error.get("message")
    return str(kind)[:80] if isinstance(kind, str) else "Exception", str(message) if isinstance(message, str) else ""


def _error_fields(error: Any, file: str) -> dict[str, Any]:
    kind, message = _error_parts(error)
    trace = traceback_lines(error, file) if isinstance(error, dict) else []
    if kind == "Unsuitable":
        return {"message": Text(en=message[:500], zh=f"结果无法评判：{message[:500]}"), "traceback": trace}
    en, zh = said(kind, message)
    return {"message": Text(en=en, zh=zh), "traceback": trace}


def said(kind: str, message: str) -> tuple[str, str]:
    """An exception in a sentence of each language."""
    if kind == "EOFError" and message == "EOF when reading a line":  # what input() raises without a terminal
        return (
            "input() was called: nothing can be typed in here, inputs come as arguments",
            "调用了 input()：这里无法键入内容，输入都由参数传入",
        )
    whole = f"{kind}: {message[:500]}" if message else kind
    return f"raised {whole}", f"抛出了 {whole}"


def is_line(number: Any) -> bool:
    """Whether the jail's word can be the number of a line; JSON has integers of thousands of digits."""
    return type(number) is int and 0 <= number < 1 << 31


def traceback_lines(error: dict[str, Any], file: str, other: str = "") -> list[str]:
    """`FILE:LINE in NAME: source` for each frame that the jail claims; anything of another form is left out.

    A frame may name the `other` file of a try; every other one belongs to `file`.
    """
    lines = []
    frames = error.get("frames")
    for frame in frames[:12] if isinstance(frames, list) else []:
        if isinstance(frame, list) and len(frame) in (3, 4) and is_line(frame[0]):
            number, name, text = frame[0], str(frame[1])[:80], str(frame[2])[:200].strip()
            place = other if other and frame[3:] == [other] else file
            lines.append(f"{place}:{number} in {name}" + (f": {text}" if text else ""))
    return lines


# -- values ----------------------------------------------------------------------------------------------------------


def _check_results(yard: Yardstick, actual: Outcome) -> None:
    several = sum(step.op == "call" and step.compare for step in yard.program.case.steps) > 1
    calls = 0
    for number, step in enumerate(yard.program.case.steps):
        if step.op == "backward":
            _check_gradients(yard, number, actual.results[number])
            continue
        if step.op == "call":
            calls += 1
        if step.compare and step.op == "call":
            label = f"output of call {calls}" if several else "output"
            _check_tree(yard, number, [], yard.expected.results[number], actual.results[number], label)


def _check_tree(yard: Yardstick, step: int, path: list[Any], expected: Any, actual: Any, where: str) -> None:
    if isinstance(expected, Tensor):
        if not isinstance(actual, Tensor):
            raise _wrong_kind(where, expected, actual)
        dtype = yard.program.dtype if expected.is_floating_point() else expected.dtype
        rounded = lambda: _walk(yard.in_dtype().results[step], path)  # noqa: E731 computed only when asked
        scale = largest(expected) or _input_scale(yard.program)
        check_tensor(where, expected, actual, dtype, scale, rounded, yard.kata.tolerance, letters(where, yard.kata))
    elif isinstance(expected, list | tuple):
        if not isinstance(actual, list | tuple) or len(actual) != len(expected):
            raise _wrong_kind(where, expected, actual)
        for number, (want, got) in enumerate(zip(expected, actual, strict=True)):
            _check_tree(yard, step, [*path, number], want, got, f"{where}[{number}]")
    elif isinstance(expected, dict):
        if not isinstance(actual, dict) or set(actual) != {str(key) for key in expected}:
            raise _wrong_kind(where, expected, actual)
        for key, want in expected.items():
            _check_tree(yard, step, [*path, key], want, actual[str(key)], f"{where}[{key!r}]")
    elif isinstance(expected, float):
        if not _same_number(actual, expected):
            raise Mismatch(
                "value",
                f"{where} is {actual!r:.80}, expected {expected!r}",
                f"{where} 是 {actual!r:.80}，应为 {expected!r}",
            )
    elif type(expected) is not type(actual) or expected != actual:
        raise Mismatch(
            "value",
            f"{where} is {actual!r:.80}, expected {expected!r:.80}",
            f"{where} 是 {actual!r:.80}，应为 {expected!r:.80}",
        )


def _same_number(actual: Any, expected: float) -> bool:
    if not isinstance(actual, int | float) or isinstance(actual, bool):
        return False
    both_nan = math.isnan(actual) and math.isnan(expected)
    return both_nan or actual == expected or math.isclose(actual, expected, rel_tol=1e-5, abs_tol=1e-7)


def _walk(tree: Any, path: list[Any]) -> Any:
    for part in path:
        tree = tree[part]
    return tree


def letters(where: str, kata: Kata) -> list[str]:
    """The letters of a tensor's axes, where kata.toml names them: of an output, an argument or the gradient of one."""
    whole = re.sub(r" of call \d+", "", where.removeprefix("gradient of "))
    part = re.sub(r"\[.*", "", whole)  # of a tuple; `output[1][0]` may have axes of its own
    return kata.axes.get(whole, kata.axes.get(part, "")).split()


def _kind(value: Any) -> tuple[str, str]:
    if isinstance(value, Tensor):
        return "a tensor", "一个张量"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}", f"长度为 {len(value)} 的 {type(value).__name__}"
    if value is None:
        return "None", "None"
    if isinstance(value, Strange):
        return f"a {value.name}", f"一个 {value.name}"
    return f"a {type(value).__name__}", f"一个 {type(value).__name__}"


def _wrong_kind(where: str, expected: Any, actual: Any) -> Mismatch:
    (want_en, want_zh), (got_en, got_zh) = _kind(expected), _kind(actual)
    return Mismatch(
        "structure", f"{where} is {got_en}, expected {want_en}", f"{where} 是{got_zh}，应为{want_zh}", where=where
    )


def _input_scale(program: Program) -> float:
    """Where everything expected is zero, rounding is measured by what went in."""
    return max((largest(t) for t in program.tensors if t.is_floating_point()), default=0.0) or 1.0


# -- gradients -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Gradient:
    """One gradient to compare; `expected` None is a parameter that no output depends on."""

    where: str
    expected: Tensor
    actual: Any
    rounded: Callable[[], Tensor | None]


def _check_gradients(yard: Yardstick, step: int, actual: Any) -> None:
    gradients = list(_gradients(yard, step, actual))
    scale = max((largest(gradient.expected) for gradient in gradients), default=0.0) or 1.0
    for gradient in gradients:
        if gradient.actual is None:
            if largest(gradient.expected) > torch.finfo(yard.program.dtype).eps * scale:
                raise Mismatch(
                    "gradient", f"there is no {gradient.where}", f"没有 {gradient.where}", where=gradient.where
                )
        elif not isinstance(gradient.actual, Tensor):
            raise _wrong_kind(gradient.where, gradient.expected, gradient.actual)
        else:
            check_tensor(
                gradient.where,
                gradient.expected,
                gradient.actual,
                yard.program.dtype,
                scale,
                gradient.rounded,
                yard.kata.tolerance,
                letters(gradient.where, yard.kata),
            )


def _gradients(yard: Yardstick, step: int, actual: Any) -> Iterator[Gradient]:
    expected = yard.expected.results[step]
    got_inputs = actual.get("inputs") if isinstance(actual, dict) else None
    got_parameters = actual.get("parameters") if isinstance(actual, dict) else None
    names = {index: name for name, index in yard.program.arguments}
    for key, grad in expected["inputs"].items():
        if grad is None:
            grad = torch.zeros_like(yard.program.tensors[int(key)], dtype=torch.float64)
        got = got_inputs.get(key) if isinstance(got_inputs, dict) else None
        yield Gradient(
            f"gradient of {names.get(int(key), 'input ' + key)}",
            grad,
            got,
            lambda key=key: yard.in_dtype().results[step]["inputs"][key],  # type: ignore[misc]
        )
    for key, by_role in expected["parameters"].items():
        got = got_parameters.get(key) if isinstance(got_parameters, dict) else None
        if int(key) not in yard.program.constructs or yard.binding is None:
            continue
        config = yard.program.configs[int(key)]
        wanted = yard.binding.gradients(_filled(by_role, yard.program.constructs[int(key)]), config)
        for name, grad in wanted.items():
            yield Gradient(
                f"gradient of {name}",
                grad,
                got.get(name) if isinstance(got, dict) else None,
                lambda key=key, name=name: _rounded_gradient(yard, step, key, name),  # type: ignore[misc]
            )


def _filled(by_role: dict[str, Tensor | None], values: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        role: grad if grad is not None else torch.zeros_like(values[role], dtype=torch.float64)
        for role, grad in by_role.items()
    }


def _rounded_gradient(yard: Yardstick, step: int, key: str, name: str) -> Tensor | None:
    assert yard.binding is not None
    by_role = yard.in_dtype().results[step]["parameters"][key]
    filled = _filled(by_role, yard.program.constructs[int(key)])
    return yard.binding.gradients(filled, yard.program.configs[int(key)]).get(name)


# -- relations and hygiene -------------------------------------------------------------------------------------------


def resolve(item: Any, outcome: Outcome) -> Any:
    """A checked value: a result (indexed), or what the author gave."""
    if not isinstance(item, Result):
        return item
    value = outcome.results[item.step]
    for part in item.path:
        value = value[part]
    return value


def _check_relations(yard: Yardstick, actual: Outcome) -> None:
    for check in yard.program.case.checks:
        said = check.text
        try:
            values = [resolve(item, actual) for item in check.results]
            if check.kind == "same":
                _check_same(values[0], values[1], said, yard)
            else:
                assert check.predicate is not None
                if not bool(check.predicate(*values)):
                    raise Mismatch("relation", said.en, said.zh, where=said.en)
        except Mismatch:
            raise
        except Exception as error:  # noqa: BLE001 predicates meet results of any form
            raise Mismatch(
                "relation",
                f"{said.en} (the result has another form: {error!s:.120})",
                f"{said.zh}（结果的形式不对）",
                where=said.en,
            ) from None


def _check_same(first: Any, second: Any, said: Any, yard: Yardstick) -> None:
    if not (isinstance(first, Tensor) and isinstance(second, Tensor)):
        if first != second:
            raise Mismatch("relation", said.en, said.zh, where=said.en)
        return
    if first.shape != second.shape:
        raise Mismatch("relation", said.en, said.zh, where=said.en)
    eps = torch.finfo(yard.program.dtype).eps if first.is_floating_point() else 0.0
    scale = largest(second) or _input_scale(yard.program)
    bad, error = differing(first.double(), second.double(), yard.kata.tolerance * eps * scale)
    if bool(bad.any()):
        at = [int(n) for n in bad.nonzero()[0]] if bad.dim() else []
        raise Mismatch(
            "relation",
            said.en,
            said.zh,
            pair=(second, first),
            where=said.en,
            expected=view(second, tuple(at)),
            actual=view(first, tuple(at)),
            first_bad_index=at,
            bad_count=int(bad.sum()),
            count=bad.numel(),
            max_abs_error=error,
            tolerance=yard.kata.tolerance * eps * scale,
        )


GLOBALS = {
    "rng": (
        "draws from the global random generator where nothing is random",
        "在没有随机性的地方动用了全局随机数发生器",
    ),
    "default_dtype": ("changes torch's default dtype", "改动了 torch 的默认 dtype"),
    "threads": ("changes torch's number of threads", "改动了 torch 的线程数"),
    "grad_mode": ("leaves gradients switched to another mode", "改动了是否记录梯度的全局开关"),
    "deterministic": ("changes the use of deterministic algorithms", "改动了确定性算法的全局开关"),
}


def _check_hygiene(yard: Yardstick, actual: Outcome) -> None:
    for name in actual.changed:
        en, zh = GLOBALS.get(name, ("changes global state", "改动了全局状态"))
        raise Mismatch("global_" + name, f"the call {en}", f"调用{zh}", where=name)
    names = {index: name for name, index in yard.program.arguments}
    for number, before in enumerate(yard.program.tensors):
        after = actual.inputs[number] if number < len(actual.inputs) else None
        name = names.get(number, f"input {number}")
        if after is None or after.shape != before.shape or after.dtype != before.dtype or not _equal(before, after):
            raise Mismatch(
                "inputs",
                f"the call changes its argument {name}",
                f"调用改动了它的参数 {name}",
                pair=None if after is None else (before, after),
                where=name,
            )


def _equal(first: Tensor, second: Tensor) -> bool:
    return bool(((first == second) | ((first != first) & (second != second))).all())
