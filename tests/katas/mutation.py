"""Small wrong changes of right answers: an operator swapped, a constant off by one, a line left out."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


@dataclass(frozen=True)
class Mutant:
    """One change: `what` at a line that reads `line`."""

    what: str
    line: str
    source: str

    def __str__(self) -> str:
        return f"{self.what} | {self.line}"


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a source that differs from it as a program."""
    tree = ast.parse(source)
    plain, lines = ast.unparse(tree), source.splitlines()
    for number, node in enumerate(ast.walk(tree)):
        for what, change in _changes(node):
            twin = copy.deepcopy(tree)
            change(list(ast.walk(twin))[number])
            text = ast.unparse(ast.fix_missing_locations(twin))
            if text != plain:
                line = getattr(node, "lineno", 1)
                yield Mutant(what, lines[line - 1].split("  #")[0].strip(), text)


Change = tuple[str, Callable[[ast.AST], None]]


def _changes(node: ast.AST) -> Iterator[Change]:
    yield from _in_expressions(node)
    yield from _in_statements(node)


def _set(**values: object) -> Callable[[ast.AST], None]:
    def change(node: ast.AST) -> None:
        for name, value in values.items():
            setattr(node, name, value)

    return change


def _in_expressions(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        other = OPERATORS[type(node.op)]
        yield f"{type(node.op).__name__} becomes {other.__name__}", _set(op=other())
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        yield f"compares the other way: {ast.unparse(node)}", _set(ops=[COMPARISONS[type(node.ops[0])]()])
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield f"{node.value} becomes {not node.value}", _set(value=not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield f"{node.value} becomes {node.value + 1}", _set(value=node.value + 1)
    if isinstance(node, ast.UnaryOp):
        yield f"sign or not taken away: {ast.unparse(node)}", _set(op=ast.UAdd())
    if isinstance(node, ast.IfExp):
        yield "either for or", _set(body=node.orelse, orelse=node.body)
    if isinstance(node, ast.BoolOp):
        yield "and becomes or, or and", _set(op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    if isinstance(node, ast.Call) and node.keywords:
        yield f"without {node.keywords[-1].arg}=", _set(keywords=node.keywords[:-1])
    if isinstance(node, ast.Call) and len(node.args) == 2:
        yield f"arguments swapped: {ast.unparse(node)}", _set(args=node.args[::-1])


def _in_statements(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.If):
        yield "condition turned round", _set(test=ast.UnaryOp(ast.Not(), node.test))
        yield "condition never true", _set(test=ast.Constant(False))
    if isinstance(node, ast.FunctionDef | ast.If | ast.For | ast.While):
        for place, statement in enumerate(node.body):
            docstring = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            if (
                isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr | ast.Raise)
                and not docstring
            ):
                yield f"left out: {ast.unparse(statement)}", _without(place)


def _without(place: int) -> Callable[[ast.AST], None]:
    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.FunctionDef | ast.If | ast.For | ast.While)
        node.body[place] = ast.Pass()

    return change
