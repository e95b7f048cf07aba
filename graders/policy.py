"""Finds forbidden calls in a submission's source, which is parsed and never imported. A fence, not a wall (SECURITY.md)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from graders.verdict import PolicyFinding

MAX_DEPTH = 3  # source inside strings inside strings


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


def find(tree: ast.AST, forbidden: tuple[str, ...]) -> list[PolicyFinding]:
    """Every use of a forbidden name, through import aliases, assignments, getattr, importlib, torch.ops and eval strings."""
    if not forbidden:
        return []
    findings = _Scan(forbidden).run(tree, 0)
    unique = {(item.rule, item.line): item for item in findings}
    return [unique[key] for key in sorted(unique, key=lambda key: (key[1], key[0]))]


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
        self.stars: list[str] = []
        self.own: set[str] = set()  # functions and classes that the file itself defines
        self.global_own: set[str] = set()  # those of them that hide what a star import brings

    def run(self, tree: ast.AST, depth: int) -> Iterator[PolicyFinding]:
        nodes = list(ast.walk(tree))
        self.global_own |= _defined(tree.body if isinstance(tree, ast.Module) else [])
        self.own |= _defined(nodes)
        for node in nodes:
            self._imports(node)
        for _ in range(2):  # assignments may use names that are assigned further down
            for node in nodes:
                self._assignment(node)
        for node in nodes:
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
        if isinstance(node, ast.Assign):
            pairs = [(target, node.value) for target in node.targets]
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            pairs = [(node.target, node.value)]
        else:
            return
        for target, value in pairs:
            whole = self.resolve(value)
            if isinstance(target, ast.Name) and whole and target.id not in self.known:
                self.known[target.id] = whole
            if isinstance(target, ast.Attribute) and whole and whole.startswith("torch"):
                self.known.setdefault("." + target.attr, whole)  # self.f = F.softmax

    def resolve(self, node: ast.AST) -> str:
        """The qualified name that an expression means, or nothing."""
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
            called = self.resolve(node.func) or (node.func.id if isinstance(node.func, ast.Name) else "")
            text = _constant(node.args[1]) if called == "getattr" and len(node.args) > 1 else None
            if text is not None:
                base = self.resolve(node.args[0])
                return f"{base}.{text}" if base else ""
            if called in ("importlib.import_module", "__import__") and node.args:
                return _constant(node.args[0]) or ""
            if called in ("functools.partial", "partial") and node.args:
                return self.resolve(node.args[0])
        if isinstance(node, ast.Subscript):  # vars(torch)["softmax"], torch.__dict__["softmax"]
            text = _constant(node.slice)
            inner = node.value
            if (
                isinstance(inner, ast.Call)
                and isinstance(inner.func, ast.Name)
                and inner.func.id == "vars"
                and inner.args
            ):
                base = self.resolve(inner.args[0])
            else:
                base = self.resolve(inner).removesuffix(".__dict__")
            if text and base:
                return f"{base}.{text}"
        return ""

    def _use(self, node: ast.AST, depth: int) -> Iterator[PolicyFinding]:
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call) and not _stored(node):
            rule = self._rule(self.resolve(node))
            if rule:
                yield PolicyFinding(rule=rule, line=node.lineno, text=ast.unparse(node)[:120])
        if isinstance(node, ast.Attribute) and node.attr in self.methods and not self._own_method(node):
            yield PolicyFinding(rule=self.methods[node.attr], line=node.lineno, text=ast.unparse(node)[:120])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args and depth < MAX_DEPTH:
            text = _constant(node.args[0])
            if node.func.id in ("eval", "exec", "compile") and text:
                try:
                    inner = parse(text)
                except Unparsable:
                    return
                for finding in self.run(inner, depth + 1):
                    yield finding.model_copy(update={"line": node.lineno})

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


def _defined(nodes: Iterable[ast.AST]) -> set[str]:
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def _stored(node: ast.AST) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)


def _constant(node: ast.AST) -> str | None:
    """The string that an expression of constants makes, or nothing."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _constant(node.left), _constant(node.right)
        return left + right if left is not None and right is not None else None
    return None
