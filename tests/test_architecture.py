"""The arrows of the house: app -> graders -> katas -> reference, no circles, no import where it must not be."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGES = {
    "reference": set[str](),
    "katas": {"reference"},
    "graders": {"katas", "reference"},
    "app": {"graders", "katas"},
}
# Modules that may import inside a function, each with its reason. Anywhere else it would hide a circle.
LATE_IMPORTS = {
    "app.cli": "list and show must not load torch, pydantic or rich",
    "app.delivery": "list and show must not load rich",
    "app.judging": "torch is imported only when the zygote is under way, at the same time",
    "app.lanes": "torch is imported only when the zygote is under way, at the same time",
    "app.doctor": "whether torch and libseccomp can be imported is what it examines",
    "graders.zygote": "torch is imported only inside the jail, after the root is built",
    "graders.sandbox.filter": "a missing libseccomp is a part that doctor names with its cure, not an ImportError",
    "app.requeue": "list and show must not load the database",
    "app.terminal": "rich takes longer to import than `list --json` to answer",
}
STANDARD_LIBRARY_ONLY = ("katas.bank", "katas.script", "katas.snippet")
DRAWERS = {"util", "utils", "helper", "helpers", "common", "misc", "tools"}


def modules() -> dict[str, Path]:
    """Every module of the four packages, by dotted name; starters and mistakes are submissions, not modules."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if parts[0] == "katas" and (parts[-1] == "starter" or "mistakes" in parts):
                continue
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def tree(path: Path) -> ast.Module:
    """The parsed source of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def for_types_only(node: ast.AST) -> bool:
    """True for `if TYPE_CHECKING:`, which runs never."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imports(node: ast.AST, late: bool = False) -> Iterator[tuple[str, bool, int]]:
    """(module, whether inside a function, line) of every import that runs, the names of `from` imports included."""
    for child in ast.iter_child_nodes(node):
        if for_types_only(child):
            continue
        inside = late or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if isinstance(child, ast.Import):
            yield from ((alias.name, late, child.lineno) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports are absolute"
            yield child.module or "", late, child.lineno
            yield from ((f"{child.module}.{alias.name}", late, child.lineno) for alias in child.names)
        else:
            yield from imports(child, inside)


def edges() -> dict[str, set[str]]:
    """Module -> modules of ours that it imports when it is imported itself."""
    known = modules()
    graph = {}
    for name, path in known.items():
        targets = {target for target, late, _ in imports(tree(path)) if not late and target in known}
        # `from graders.sandbox import host` names the package and the module; only the module is meant then.
        meant = {t for t in targets if not any(other.startswith(t + ".") for other in targets)}
        graph[name] = meant - {name}
    return graph


def test_packages_import_only_what_lies_below_them() -> None:
    wrong = []
    for name, path in modules().items():
        package = name.split(".")[0]
        for target, _, line in imports(tree(path)):
            other = target.split(".")[0]
            if other in PACKAGES and other != package and other not in PACKAGES[package]:
                wrong.append(f"{path.relative_to(ROOT)}:{line}: {package} must not import {target}")
    assert wrong == []


def test_modules_do_not_import_one_another_in_a_circle() -> None:
    graph = edges()
    done: set[str] = set()

    def walk(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail[trail.index(name) :], name))
        if name not in done:
            for target in sorted(graph[name]):
                walk(target, (*trail, name))
            done.add(name)

    for name in graph:
        walk(name, ())


def test_imports_stand_at_the_top_but_where_a_reason_is_given() -> None:
    wrong = []
    for name, path in modules().items():
        for target, late, line in imports(tree(path)):
            if late and name not in LATE_IMPORTS:
                wrong.append(f"{path.relative_to(ROOT)}:{line}: imports {target} inside a function")
    assert wrong == []


def test_every_reason_for_a_late_import_is_still_needed() -> None:
    late = {name for name, path in modules().items() for _, inside, _ in imports(tree(path)) if inside}
    assert set(LATE_IMPORTS) <= late


@pytest.mark.parametrize("name", STANDARD_LIBRARY_ONLY)
def test_the_bank_and_the_script_need_the_standard_library_only(name: str) -> None:
    roots = {target.split(".")[0] for target, _, _ in imports(tree(modules()[name]))}
    assert roots - sys.stdlib_module_names - {"katas"} == set()


def test_the_reference_imports_torch_only() -> None:
    for name, path in modules().items():
        if name.startswith("reference."):
            roots = {target.split(".")[0] for target, _, _ in imports(tree(path))}
            assert roots - sys.stdlib_module_names <= {"torch"}, name


def test_no_module_is_a_drawer() -> None:
    assert [name for name in modules() if DRAWERS & set(name.split("."))] == []


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["list"], ["torch", "numpy", "graders"]),
        (["list", "--json"], ["torch", "numpy", "graders", "rich.console"]),
        (["show", "masked_softmax"], ["torch", "numpy", "graders"]),
        (["--help"], ["torch", "numpy", "graders"]),
    ],
)
def test_light_commands_load_nothing_heavy(arguments: list[str], absent: list[str]) -> None:
    script = (
        "import json, sys\n"
        "from app.cli import main\n"
        f"code = main({arguments!r})\n"
        "print(json.dumps([code, list(sys.modules)]), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    code, loaded = json.loads(done.stderr.splitlines()[-1])
    assert code == 0, done.stderr
    assert [name for name in absent if name in loaded] == []


@pytest.mark.parametrize("module", ["app.serving", "app.web", "app.worker", "app.hub"])
def test_web_and_worker_never_import_torch(module: str) -> None:
    script = f"import json, sys, {module}; print(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    loaded = json.loads(done.stdout)
    assert [name for name in ("torch", "numpy", "graders.grade") if name in loaded] == []
