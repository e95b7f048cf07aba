"""Finds forbidden calls in a submission's source, which is parsed and never imported. A fence, not a wall (SECURITY.md).

Parsing takes up to 18 ms and 1.5 MB a KiB of the worst source. A light one is read where it is graded; a heavy one in a jail
(graders/inspection.py), so the standard library only.
"""

from __future__ import annotations

import ast
import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

LIGHT = 16 << 10  # bytes of a source that is read at once: a real solution has 1 to 8 KiB
MOST = 64  # findings
MAX_DEPTH = 3  # source inside strings inside strings
MAX_NAME = 256  # characters of a qualified name: one that grows with every line would take minutes
MAX_JOINED = 1024  # characters of a string put together: names that double each other would have no end
MAX_INNER = (
    64 << 10
)  # characters of all source inside strings together: a string that evaluates itself would have no end


class Finding(NamedTuple):
    """A forbidden call."""

    rule: str
    line: int
    text: str


class _Use(NamedTuple):
    """A forbidden call before it is written out: of thousands on one line, one is told."""

    rule: str
    line: int
    node: ast.expr


class TooComplex(Exception):
    """The source cannot be inspected with bounded work."""


class Unparsable(Exception):
    """The source is no Python; carries a line and a sentence."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line, self.what = line, what


def parse(source: str) -> ast.Module:
    """The syntax tree, or Unparsable."""
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise Unparsable(error.lineno or 1, str(error.msg)) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise Unparsable(1, f"it cannot be parsed ({type(error).__name__}: nested too deeply, or a NUL byte)") from None


def find(tree: ast.AST, forbidden: tuple[str, ...]) -> list[Finding]:
    """Every use of a forbidden name, through import aliases, assignments, getattr, importlib, torch.ops and eval strings.

    Raises TooComplex, and RecursionError where expressions are nested too deeply.
    """
    if not forbidden:
        return []
    uses = _Scan(forbidden).run(tree, 0)
    unique = {(use.rule, use.line): use.node for use in uses}
    places = sorted(unique, key=lambda place: (place[1], place[0]))[:MOST]
    return [Finding(rule, line, _shown(unique[rule, line])) for rule, line in places]


def is_light(code: bytes) -> bool:
    """Whether a source may be parsed in the grader's own process: small, so that the worst of its kind takes 0.3 s."""
    return len(code) <= LIGHT


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


# where torch keeps the same operator under several names
HOMES = r"torch\.(nn\.functional|nn\.modules(\.\w+(?=\.))?|nn|special|_C\._nn|_C\._VariableFunctions|functional)?\.?"


def canonical(name: str) -> str:
    """An operator's name without its home and without its spelling: nn.LayerNorm and F.layer_norm are one."""
    return ".".join(_plain(part) for part in re.sub("^" + HOMES, "", name).split(".") if _plain(part))


class _Scan:
    """Follows names to the modules they come from, in source order, one flat scope: a fence may know less than Python."""

    def __init__(self, forbidden: tuple[str, ...]) -> None:
        self.rules = {canonical(name): name for name in forbidden if not name.startswith("torch.Tensor.")}
        self.methods = {name.rsplit(".", 1)[-1]: name for name in forbidden if name.startswith("torch.Tensor.")}
        self.known: dict[str, str] = {}  # local name -> qualified name
        self.resolved: dict[int, str] = {}  # node -> name; without it a chain of calls is resolved twice a link
        self.strings: dict[str, str] = {}  # local name -> the constant string that it was given
        self.stars: list[str] = []
        self.own: set[str] = set()  # functions and classes that the file itself defines
        self.global_own: set[str] = set()  # those of them that hide what a star import brings
        self.inner: set[str] = set()  # sources inside strings that were read

    def run(self, tree: ast.AST, depth: int) -> Iterator[_Use]:
        nodes = list(_walk(tree))
        self.resolved.clear()
        self.global_own |= _defined(tree.body if isinstance(tree, ast.Module) else [])
        self.own |= _defined(nodes)
        for node in nodes:
            if type(node) in IMPORTS:
                self._imports(node)
        binding = [node for node in nodes if type(node) in BINDING]
        for _ in range(2):  # assignments may use names that are assigned further down
            for node in binding:
                self._assignment(node)
        for node in nodes:
            if type(node) in USES:
                yield from self._use(node, depth)

    def _imports(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname:
                    self.known[alias.asname] = alias.name
                else:
                    self.known[alias.name.split(".")[0]] = alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                if alias.name == "*":
                    self.stars.append(node.module)
                else:
                    self.known[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def _assignment(self, node: ast.AST) -> None:
        for target, value in _bound(node):
            whole = self.resolve(value)
            text = self.text(value)
            if isinstance(target, ast.Name):
                if whole:
                    self._learn(target.id, whole)
                if text is not None and target.id not in self.strings:
                    self.strings[target.id] = text
                    self.resolved.clear()
            if isinstance(target, ast.Attribute) and whole and whole.startswith("torch"):
                self._learn("." + target.attr, whole)  # self.f = F.softmax

    def _learn(self, name: str, whole: str) -> None:
        if name not in self.known:
            self.known[name] = whole
            self.resolved.clear()

    def resolve(self, node: ast.AST) -> str:
        """The qualified name that an expression means, or nothing."""
        if id(node) not in self.resolved:
            whole = self._resolve(node)
            self.resolved[id(node)] = whole if len(whole) <= MAX_NAME else ""
        return self.resolved[id(node)]

    def _resolve(self, node: ast.AST) -> str:
        if isinstance(node, ast.Name):
            if node.id in self.known:
                return self.known[node.id]
            if canonical(node.id) in self.rules and node.id not in self.global_own:
                return next((f"{module}.{node.id}" for module in self.stars if module.startswith("torch")), "")
            return ""
        if isinstance(node, ast.Attribute):
            base = self.resolve(node.value)
            return f"{base}.{node.attr}" if base else self.known.get("." + node.attr, "")
        if isinstance(node, ast.Call):
            return self._called(node)
        if isinstance(node, ast.Subscript):  # vars(torch)["softmax"], torch.__dict__["softmax"], sys.modules["torch"]
            return self._member(node.value, self.text(node.slice))
        return ""

    def _called(self, node: ast.Call) -> str:
        """What a call gives that looks a name up: getattr, importlib, partial, attrgetter and their like."""
        called = self.resolve(node.func) or (node.func.id if isinstance(node.func, ast.Name) else "")
        called = called.removeprefix("builtins.")
        args = node.args
        first = self.text(args[0]) if args else None
        if called == "getattr" and len(args) > 1:
            return self._joined(self.resolve(args[0]), self.text(args[1]))
        if called in ("importlib.import_module", "__import__") and args:
            home = self.text(args[1]) if first and first.startswith(".") and len(args) > 1 else ""
            return f"{home or ''}{first or ''}"
        if called in ("functools.partial", "partial", "functools.wraps", "staticmethod") and args:
            return self.resolve(args[0])
        if called == "functools.reduce" and len(args) == 3 and isinstance(args[1], ast.List | ast.Tuple):
            parts = [self.text(part) for part in args[1].elts]
            return self._joined(self.resolve(args[2]), ".".join(part or "?" for part in parts))
        if isinstance(node.func, ast.Call) and self.resolve(node.func.func) == "operator.attrgetter" and args:
            path = self.text(node.func.args[0]) if node.func.args else None
            return self._joined(self.resolve(args[0]), path)
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("__getattribute__", "get", "__getitem__"):
            if node.func.attr == "__getattribute__":
                return self._joined(self.resolve(node.func.value), first)
            return self._member(node.func.value, first)
        return ""

    def _member(self, space: ast.AST, name: str | None) -> str:
        """What a dictionary of names holds: vars(torch), torch.__dict__ or sys.modules."""
        if isinstance(space, ast.Call) and isinstance(space.func, ast.Name) and space.func.id == "vars" and space.args:
            return self._joined(self.resolve(space.args[0]), name)
        whole = self.resolve(space)
        if whole == "sys.modules":
            return name or ""
        return self._joined(whole.removesuffix(".__dict__"), name) if whole.endswith(".__dict__") else ""

    @staticmethod
    def _joined(base: str, name: str | None) -> str:
        return f"{base}.{name}" if base and name else ""

    def text(self, node: ast.AST) -> str | None:
        """The string that an expression makes of constants and of names that were given constants, or nothing."""
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        if isinstance(node, ast.Name):
            return self.strings.get(node.id)
        if isinstance(node, ast.JoinedStr):
            return self._concatenated(
                part.value if isinstance(part, ast.FormattedValue) else part for part in node.values
            )
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._concatenated((node.left, node.right))
        if isinstance(node, ast.Subscript) and _reverses(node.slice):
            whole = self.text(node.value)
            return whole[::-1] if whole is not None else None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "join":
            glue = self.text(node.func.value)
            if glue is not None and len(node.args) == 1 and isinstance(node.args[0], ast.List | ast.Tuple):
                parts = [self.text(part) for part in node.args[0].elts]
                return _short(parts, glue)
        return None

    def _concatenated(self, nodes: Iterable[ast.AST]) -> str | None:
        return _short([self.text(node) for node in nodes])

    def _use(self, node: ast.AST, depth: int) -> Iterator[_Use]:
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call) and not _stored(node):
            rule = self._rule(self.resolve(node))
            if rule:
                yield _Use(rule, node.lineno, node)
        if isinstance(node, ast.Attribute) and node.attr in self.methods and not self._own_method(node):
            yield _Use(self.methods[node.attr], node.lineno, node)
        if isinstance(node, ast.Call) and node.args:
            called = (node.func.id if isinstance(node.func, ast.Name) else self.resolve(node.func)).removeprefix(
                "builtins."
            )
            text = self.text(node.args[0])
            if called in ("operator.methodcaller", "methodcaller") and text in self.methods:
                yield _Use(self.methods[text], node.lineno, node)
            if called in ("eval", "exec", "compile") and text and depth < MAX_DEPTH and text not in self.inner:
                self.inner.add(text)
                if sum(map(len, self.inner)) > MAX_INNER:
                    raise TooComplex("it evaluates too many strings")
                try:
                    inner = parse(text)
                except Unparsable:
                    return
                for use in self.run(inner, depth + 1):
                    yield use._replace(line=node.lineno)
                self.resolved.clear()  # its nodes go, and others may take their places

    def _own_method(self, node: ast.Attribute) -> bool:
        """Whether `self.softmax` is the submission's own, or a name that the other rules judge."""
        mine = isinstance(node.value, ast.Name) and node.value.id == "self" and node.attr in self.own
        return mine or _stored(node) or bool(self.resolve(node))

    def _rule(self, name: str) -> str:
        """The forbidden name that a qualified name means, whatever path inside torch it takes."""
        if not name.startswith("torch."):
            return ""
        home, _, last = name.rpartition(".")
        if home == "torch.Tensor" and last in self.methods:
            return self.methods[last]
        plain = canonical(name)
        if plain in self.rules:
            return self.rules[plain]
        if name.startswith("torch.ops.") or plain.startswith("native"):
            return next((whole for rule, whole in self.rules.items() if rule and rule in plain), "")
        return ""


# Kinds of nodes that a pass looks at. To compare every node with unions of classes was a fifth of a profiled grade.
IMPORTS = frozenset((ast.Import, ast.ImportFrom))
BINDING = frozenset((ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.For, ast.comprehension, ast.arguments))
USES = frozenset((ast.Name, ast.Attribute, ast.Subscript, ast.Call))
DEFINITIONS = (ast.FunctionDef, ast.ClassDef)


def _walk(tree: ast.AST) -> Iterator[ast.AST]:
    """As ast.walk, in the same order, without the contexts and operators that nobody asks for."""
    todo: deque[ast.AST] = deque([tree])
    while todo:
        node = todo.popleft()
        yield node
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                todo.extend(item for item in value if isinstance(item, ast.AST))
            elif isinstance(value, ast.AST) and value._fields:
                todo.append(value)


def _defined(nodes: Iterable[ast.AST]) -> set[str]:
    return {node.name for node in nodes if isinstance(node, DEFINITIONS)}


def _reverses(node: ast.AST) -> bool:
    """Whether a slice is `::-1`."""
    if not isinstance(node, ast.Slice) or node.lower or node.upper or not isinstance(node.step, ast.UnaryOp):
        return False
    step = node.step
    return isinstance(step.op, ast.USub) and isinstance(step.operand, ast.Constant) and step.operand.value == 1


def _shown(node: ast.expr) -> str:
    """A forbidden expression as it is told; one of many lines, which could hold many others, by its name alone."""
    if (node.end_lineno or node.lineno) - node.lineno > 8 and isinstance(node, ast.Call):
        node = node.func
    if (node.end_lineno or node.lineno) - node.lineno > 8:
        return ""
    try:
        return ast.unparse(node)[:120]
    except ValueError:  # a number of more than 4300 digits can be read as hexadecimal, and not be written
        return ""


def _stored(node: ast.AST) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)


def _short(parts: list[str | None], glue: str = "") -> str | None:
    """The parts as one string, where all are known and it is no long one."""
    known = [part for part in parts if part is not None]
    size = sum(map(len, known)) + len(glue) * len(known)
    return glue.join(known) if len(known) == len(parts) and size <= MAX_JOINED else None


def _bound(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """(target, value) of what a statement gives names to: assignments, walrus, loops over a literal, defaults."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _paired(target, node.value)
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        yield node.target, node.value
    elif isinstance(node, ast.For | ast.comprehension) and isinstance(node.iter, ast.List | ast.Tuple):
        for value in node.iter.elts:
            yield from _paired(node.target, value)
    elif isinstance(node, ast.arguments):
        places = [*node.posonlyargs, *node.args]
        pairs = [*zip(places[len(places) - len(node.defaults) :], node.defaults, strict=True)]
        pairs += [
            (name, value) for name, value in zip(node.kwonlyargs, node.kw_defaults, strict=True) if value is not None
        ]
        for name, value in pairs:
            yield ast.Name(name.arg, ast.Store()), value


def _paired(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(target, ast.List | ast.Tuple) and isinstance(value, ast.List | ast.Tuple):
        if len(target.elts) == len(value.elts):
            for one, other in zip(target.elts, value.elts, strict=True):
                yield from _paired(one, other)
    else:
        yield target, value
