"""The snippet that a try begins with, where a kata brings none: one call of the entry, made of its signature as text."""

from __future__ import annotations

import ast

SIZES = {"B": 2, "N": 2, "H": 3, "L": 4, "S": 6, "T": 5, "D": 12, "E": 8, "V": 7, "C": 3}
OTHER = 4  # length of an axis with another letter
NUMBERS = {"d_model": 12, "num_heads": 3, "d_ff": 24, "max_len": 50, "vocab_size": 7}
WHOLE = 12  # a whole number of another name


def default_snippet(entry: str, starter: str, axes: dict[str, str]) -> str:
    """Calls a function, or constructs a module and calls it, with random tensors of the kata's axes."""
    try:
        body = ast.parse(starter).body
    except (SyntaxError, ValueError):
        return entry + "\n"
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.name == entry:
            return _call(entry, _required(node), axes)
        if isinstance(node, ast.ClassDef) and node.name == entry:
            methods = {item.name: item for item in node.body if isinstance(item, ast.FunctionDef)}
            made = [_number(argument) for argument in _required(methods.get("__init__"))[1:]]
            head = f"model = {entry}({', '.join(made)})\n"
            return head + _call("model", _required(methods.get("forward"))[1:], axes)
    return entry + "\n"


def _required(function: ast.FunctionDef | None) -> list[ast.arg]:
    """Arguments without a default, the first one of a method too."""
    if function is None:
        return []
    places = function.args.posonlyargs + function.args.args
    return places[: len(places) - len(function.args.defaults)]


def _call(target: str, arguments: list[ast.arg], axes: dict[str, str]) -> str:
    lines, names = [], []
    for argument in arguments:
        letters = axes.get(argument.arg)
        value = _number(argument) if letters is None and not _is_tensor(argument) else _tensor(letters or "B D")
        lines.append(f"{argument.arg} = {value}\n")
        names.append(argument.arg)
    return "".join(lines) + f"{target}({', '.join(names)})\n"


def _is_tensor(argument: ast.arg) -> bool:
    return argument.annotation is None or "Tensor" in ast.unparse(argument.annotation)


def _tensor(letters: str) -> str:
    words = ["B" if word == "..." else word for word in letters.split()]
    return f"torch.randn({', '.join(str(SIZES.get(word, OTHER)) for word in words)})"


def _number(argument: ast.arg) -> str:
    return str(NUMBERS.get(argument.arg, WHOLE))
