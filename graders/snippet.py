"""Runs a learner's own snippet after his code, inside the jail, and turns its last value into text. It decides nothing.

Whatever is shown may be an object with hostile methods: they run here, under the jail's limits, and only text leaves.
"""

from __future__ import annotations

import ast
import linecache
from typing import Any

import torch
from torch import Tensor, nn

MAX_VALUE = 16_000  # characters of the last value
MAX_SHAPES = 64  # tensors whose shape is told
MAX_ITEMS = 32  # of a container, shown one by one
MAX_DEPTH = 4
FILE = "snippet.py"


def run(source: str, space: dict[str, Any]) -> Any:
    """Executes a snippet among the names of the submission; gives the value of its last line if that is an expression."""
    linecache.cache[FILE] = (len(source), None, source.splitlines(keepends=True), FILE)
    for name, module in (("torch", torch), ("nn", nn), ("F", nn.functional)):
        space.setdefault(name, module)
    tree = ast.parse(source, FILE)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, FILE, "exec", dont_inherit=True), space)
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), FILE, "eval", dont_inherit=True), space)


def tell(value: Any) -> dict[str, Any]:
    """The value as text, None for None, and the shapes of the tensors in it."""
    if value is None:
        return {"value": None, "shapes": []}
    text = "".join(show(value, 0))
    if len(text) > MAX_VALUE:
        text = text[:MAX_VALUE] + " ..."
    return {"value": text, "shapes": shapes("value", value, 0)[:MAX_SHAPES]}


def show(value: Any, depth: int) -> str:
    """A tensor with its shape and dtype before its values, containers item by item, anything else by its repr."""
    if isinstance(value, Tensor):
        size, dtype = tuple(value.shape), str(value.dtype).removeprefix("torch.")
        return f"shape {size}, {dtype}\n{value!r}"[: MAX_VALUE + 1]
    if isinstance(value, tuple | list | dict) and depth < MAX_DEPTH and any(True for _ in tensors(value, depth)):
        items = list(value.items() if isinstance(value, dict) else enumerate(value))
        lines = [f"{type(value).__name__} of {len(items)}"]
        for key, item in items[:MAX_ITEMS]:
            lines.append(f"[{key!r:.80}] " + show(item, depth + 1).replace("\n", "\n    "))
        if len(items) > MAX_ITEMS:
            lines.append(f"... {len(items) - MAX_ITEMS} more")
        return "\n".join(lines)[: MAX_VALUE + 1]
    return repr(value)[: MAX_VALUE + 1]


def tensors(value: Any, depth: int) -> Any:
    """The tensors in a value, as deep as it is shown."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list | dict) and depth < MAX_DEPTH:
        for item in list(value.values() if isinstance(value, dict) else value)[:MAX_ITEMS]:
            yield from tensors(item, depth + 1)


def shapes(name: str, value: Any, depth: int) -> list[list[Any]]:
    """[[name, lengths, dtype], ...] of the tensors in a value."""
    if isinstance(value, Tensor):
        return [[name[:80], list(value.shape), str(value.dtype).removeprefix("torch.")]]
    if isinstance(value, tuple | list | dict) and depth < MAX_DEPTH:
        items = list(value.items() if isinstance(value, dict) else enumerate(value))[:MAX_ITEMS]
        return [row for key, item in items for row in shapes(f"{name}[{key!r:.40}]", item, depth + 1)]
    return []
