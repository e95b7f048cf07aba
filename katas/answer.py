"""The source of a right answer, cut out of reference/ as text: shown by pages and `show --answer`, never copied."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

from katas.bank import Kata, KataError


def answer_source(kata: Kata) -> str:
    """The entry of a code kata with the imports and the top-level names that it uses, in the order of the file."""
    path = kata.reference_source or _track_file(kata)
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    statements = {name: node for node in tree.body for name in _defined(node)}
    if kata.entry not in statements:
        raise KataError(kata.id, path.name, f"defines no `{kata.entry}`")
    wanted: set[str] = set()
    todo = [kata.entry]
    while todo:
        name = todo.pop()
        if name in wanted or name not in statements:
            continue
        wanted.add(name)
        todo += [node.id for node in ast.walk(statements[name]) if isinstance(node, ast.Name)]
    chosen = [node for node in tree.body if set(_defined(node)) & wanted]
    imports = [node for node in chosen if isinstance(node, ast.Import | ast.ImportFrom)]
    others = [node for node in chosen if node not in imports]
    lines = text.splitlines()
    head = "\n".join(_text(lines, node) for node in imports)
    return "\n\n\n".join(part for part in (head, *(_text(lines, node) for node in others)) if part) + "\n"


def _track_file(kata: Kata) -> Path:
    spec = find_spec("reference")
    places = list(spec.submodule_search_locations or ()) if spec else []
    for place in places:
        path = Path(place) / f"{kata.track}.py"
        if path.is_file():
            return path
    raise KataError(kata.id, "kata.toml", f"there is no reference/{kata.track}.py")


def _defined(node: ast.stmt) -> list[str]:
    """Names that a top-level statement gives a meaning to."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).split(".")[0] for alias in node.names]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return []


def _text(lines: list[str], node: ast.stmt) -> str:
    """The lines of a statement, with its decorators and the comment right above it."""
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
    start = min([node.lineno, *(decorator.lineno for decorator in decorators)]) - 1
    while start > 0 and lines[start - 1].startswith("#"):
        start -= 1
    return "\n".join(lines[start : node.end_lineno])
