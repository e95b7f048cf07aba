"""Makes forbidden operators refuse inside a jail: in torch's dispatcher, and in the functions that torch wrote in Python.

A fence, not a wall: the submission shares this process. What it keeps is that hiding a name is not enough (SECURITY.md).
graders/operators.py says what refuses. Imports torch and the standard library.
"""

from __future__ import annotations

import ctypes
import importlib.machinery
import linecache
import sys
import types
import warnings
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NoReturn

import torch

MOST = 8  # refusals told to the grader


class ForbiddenOperator(RuntimeError):
    """Raised in place of an operator that the kata forbids."""


_told: list[list[Any]] = []  # [rule, line, source] of each refusal
_file = ""


def install(plan: dict[str, list[list[Any]]], file: str) -> None:
    """Makes everything in the plan refuse from now on; `file` is the submission's, whose lines are told."""
    global _file
    _file = file
    refusals = {rule: _refusing(rule) for rule in dict.fromkeys(row[0] for rows in plan.values() for row in rows)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that kernels are replaced is what we want
        _replace_kernels(plan["operators"], refusals)
    late: dict[str, list[tuple[str, str]]] = {}
    for rule, module, path in plan["functions"]:
        if module in sys.modules:
            _replace(sys.modules[module], path, rule)
        late.setdefault(module, []).append((path, rule))  # a module may also be loaded a second time
    if late:
        sys.meta_path.insert(0, _Late(late))


def told() -> list[list[Any]]:
    """[[rule, line, source], ...] of every refusal so far, caught or not."""
    return _told[:MOST]


def refuse(rule: str) -> NoReturn:
    """Notes from which line of the submission it came, and raises."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename != _file:
        frame = frame.f_back
    line = frame.f_lineno if frame.f_code.co_filename == _file else 0
    if len(_told) < MOST:
        _told.append([rule, line, linecache.getline(_file, line).strip()[:120] if line else ""])
    raise ForbiddenOperator(f"{rule} is forbidden in this kata, which asks you to write it yourself")


def _refusing(rule: str) -> Callable[..., NoReturn]:
    def refusing(*_args: object, **_kwargs: object) -> NoReturn:
        refuse(rule)

    return refusing


def _replace_kernels(operators: Sequence[list[Any]], refusals: dict[str, Callable[..., NoReturn]]) -> None:
    """Every kernel that could answer, under every dispatch key: composite ones answer on any device, vmap has its own."""
    libraries: dict[str, Any] = {}
    for rule, name, keys in operators:
        space = name.split("::")[0]
        if space not in libraries:
            # Not torch.library.Library, whose finalizer can be called: when this object dies, the kernels come back.
            libraries[space] = torch._C._dispatch_library("IMPL", space, "", __file__, 0)
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(libraries[space]))
        for key in keys:
            libraries[space].impl(name, key, refusals[rule], False)


def _replace(module: types.ModuleType, path: str, rule: str) -> None:
    """Changes the function itself, so that whoever holds it already holds one that refuses."""
    *parents, last = path.split(".")
    owner: Any = module
    for part in parents:
        owner = getattr(owner, part, None)
    thing = getattr(owner, last, None)
    if isinstance(thing, type):
        for function in vars(thing).values():  # its work may stand behind another name than forward
            if isinstance(function, types.FunctionType):
                _empty(function, rule)
    elif isinstance(thing, types.FunctionType):
        while isinstance(thing, types.FunctionType):
            _empty(thing, rule)
            thing = getattr(thing, "__wrapped__", None)
    elif thing is not None:  # a method of the tensor
        setattr(owner, last, _refusing(rule))


def _empty(function: types.FunctionType, rule: str) -> None:
    """Gives a function another body. The names that it closes over must stay, or it takes no other code."""
    code = _body(function.__code__.co_freevars)
    function.__code__ = code.replace(co_consts=tuple(rule if const == "RULE" else const for const in code.co_consts))
    function.__defaults__, function.__kwdefaults__ = None, None


@cache
def _body(free: tuple[str, ...]) -> types.CodeType:
    """Code that refuses "RULE", compiled once for every set of free names: each compilation takes 0.1 ms."""
    lines = [
        f"def closure({', '.join(free)}):",
        "    def refusing(*args, **kwargs):",
        f"        {', '.join(free) or 'pass'}",
        f"        __import__({__name__!r}, fromlist=['refuse']).refuse('RULE')",
        "    return refusing",
    ]
    space: dict[str, Any] = {}
    exec("\n".join(lines), space)
    code: types.CodeType = space["closure"](*free).__code__
    return code


for _free in ((), ("__class__",)):  # the zygote's work, not the jail's
    _body(_free)


class _Late:
    """Finds modules as Python does, and replaces what is forbidden in them as soon as they are imported."""

    def __init__(self, late: dict[str, list[tuple[str, str]]]) -> None:
        self.late = late

    def find_spec(self, name: str, path: Sequence[str] | None, target: object = None) -> Any:
        """Python's own finder's answer, with a loader that replaces afterwards."""
        todo = self.late.get(name)
        spec = importlib.machinery.PathFinder.find_spec(name, path) if todo else None
        if todo is None or spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module: types.ModuleType) -> None:
            execute(module)
            for attributes, rule in todo:
                _replace(module, attributes, rule)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec
