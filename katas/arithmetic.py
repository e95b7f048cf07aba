"""Sums as people write them: what a learner types as a number, and how a quiz derives one. Nothing is executed."""

from __future__ import annotations

import ast
import math
import operator
import re
import unicodedata
from collections.abc import Callable, Mapping

LONGEST = 200  # characters
MOST_BITS = 4096  # of a whole power; 2**4096 is more than anybody counts
MOST_NESTED = 40
_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "exp": math.exp,
    "log": math.log,
    "log2": math.log2,
    "ceil": math.ceil,
    "floor": math.floor,
}
_WORDS = {*_FUNCTIONS, "pi", "e", "E"}  # nothing else reaches the parser, which warns of some texts
_SIGNS = str.maketrans(
    {"×": "*", "·": "*", "÷": "/", "−": "-", "，": ",", "。": ".", "（": "(", "）": ")", "^": "\x00"}
)
_THOUSANDS = re.compile(r"(?<![\d.])\d{1,3}(?:[, '\u00a0\u2009\u202f]\d{3})+(?![\d])")
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d+\b)")


class NotANumber(ValueError):
    """The text is neither a number nor a sum of numbers."""


def evaluate(text: str) -> float:
    """The value of a number or a sum such as `4 * 512**2` or `sin(1)`. Raises NotANumber."""
    return formula(text)()


def formula(text: str, *names: str) -> Callable[..., float]:
    """A sum with unknowns, parsed once: `formula("8 * L * 512**2", "L")(64)`. Both raise NotANumber."""
    try:
        if len(text) > LONGEST or not (_WORDS | set(names)).issuperset(re.findall(r"[^\W\d_]+", text)):
            raise NotANumber
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise NotANumber(text[:LONGEST]) from None

    def value(*given: float) -> float:
        try:
            found = float(_value(tree, 0, dict(zip(names, given, strict=True))))
        except (ValueError, ArithmeticError, TypeError, RecursionError):
            raise NotANumber(text) from None
        if not math.isfinite(found):
            raise NotANumber(text)
        return found

    return value


def typed(text: str) -> float:
    """The number that a person typed: `2,097,152`, `2 097 152`, `0,5`, `2.1e6`, `2^21`, `4×512²`. Raises NotANumber."""
    text = unicodedata.normalize("NFKC", text.strip().replace("²", "^2").replace("³", "^3"))
    text = text.translate(_SIGNS).replace("\x00", "**")
    text = _THOUSANDS.sub(lambda found: re.sub(r"\D", "", found[0]), text)
    return evaluate(_DECIMAL_COMMA.sub(".", text) if text.count(",") == 1 else text)


def _value(node: ast.expr, depth: int, known: Mapping[str, float]) -> float:
    if depth > MOST_NESTED:
        raise NotANumber
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return value
        case ast.Name(id="pi"):
            return math.pi
        case ast.Name(id=name) if name in known:
            return known[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, depth + 1, known)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand, depth + 1, known)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(_value(left, depth + 1, known), _value(right, depth + 1, known))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_value(left, depth + 1, known), _value(right, depth + 1, known))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
            return _FUNCTIONS[name](_value(argument, depth + 1, known))
    raise NotANumber


def _power(base: float, exponent: float) -> float:
    if isinstance(base, int) and isinstance(exponent, int) and base.bit_length() * abs(exponent) > MOST_BITS:
        raise NotANumber
    result = base**exponent
    if not isinstance(result, int | float):  # the root of a negative number
        raise NotANumber
    return result
