"""Finds out which of a submission's parameters play which roles, whatever they are called.

The reference's parameters are the roles. A binding says how each parameter of the submission is made of role values: taken
as it is, transposed, several roles in one matrix (by blocks or by heads), one head's rows, one matrix a head stacked. The
same map carries values into the submission and the reference's gradients to the submission's names.

`candidates` lists bindings, the most plausible first: equal names; known aliases; then every assignment that fits the
shapes. The grader settles what is ambiguous on a case where the values differ.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from katas.bank import Kata, Role

MAX_CANDIDATES = 96
MAX_NODES = 20_000  # steps of one search: many equal shapes that do not fit would take hours

Config = dict[str, object]  # constructor arguments by name
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Piece:
    """How one parameter of the submission (or one a head: `{h}` in the name) is made."""

    name: str
    roles: tuple[str, ...]
    kind: str  # plain, heads (several roles, head by head), per_head, stacked, stacked_out
    transposed: bool = False
    lead: int = 0  # leading axes of length 1

    def make(self, values: dict[str, Tensor], heads: int) -> dict[str, Tensor]:
        """Name -> tensor."""
        if self.kind == "plain" and len(self.roles) == 1 and not self.transposed and not self.lead:
            return {self.name: values[self.roles[0]]}  # as it is, which is the rule
        parts = [values[role] for role in self.roles]
        if self.kind == "per_head":
            rows = parts[0].reshape(heads, -1, *parts[0].shape[1:])  # (H, Dh, ...)
            return {_numbered(self.name, h): _turn(rows[h], self.transposed) for h in range(heads)}
        if self.kind == "stacked":
            rows = parts[0].reshape(heads, -1, *parts[0].shape[1:])
            return {self.name: rows.transpose(1, 2) if self.transposed else rows}
        if self.kind == "stacked_out":
            return {self.name: _turn(parts[0], True).reshape(heads, -1, parts[0].shape[0])}
        if self.kind == "heads":
            split = [part.reshape(heads, -1, *part.shape[1:]) for part in parts]
            joined = torch.stack(split, dim=1).reshape(-1, *parts[0].shape[1:])  # (H * roles * Dh, ...)
        else:
            joined = parts[0] if len(parts) == 1 else torch.cat(parts)
        return {
            self.name: _turn(joined, self.transposed).reshape(*(1,) * self.lead, *_turn(joined, self.transposed).shape)
        }


def _numbered(pattern: str, h: int) -> str:
    """The name of head `h`; no str.format, since the names are the submission's and may hold braces of their own."""
    return pattern.replace("{h}", str(h))


def _turn(tensor: Tensor, transposed: bool) -> Tensor:
    return tensor.T if transposed and tensor.dim() == 2 else tensor


@dataclass(frozen=True)
class Binding:
    """All pieces; `zeroed` are optional roles that the submission leaves out."""

    pieces: tuple[Piece, ...]
    zeroed: frozenset[str] = frozenset()

    def weights(self, values: dict[str, Tensor], config: Config) -> dict[str, Tensor]:
        """Role values -> the submission's parameters, by name."""
        made: dict[str, Tensor] = {}
        for piece in self.pieces:
            made.update(piece.make(values, head_count(config)))
        return made

    gradients = weights  # the maps only rearrange, so gradients travel the same way


def head_count(config: Config) -> int:
    """The number of heads of a module, 1 where it has none."""
    for name in ("num_heads", "nhead", "n_heads", "heads"):
        value = config.get(name)
        if isinstance(value, int) and value > 0:
            return value
    return 1


@dataclass
class Unit:
    """Parameters that belong together: a weight and its bias."""

    name: str
    shapes: dict[str, Shape] = field(default_factory=dict)  # field (weight or bias) -> shape
    names: dict[str, str] = field(default_factory=dict)  # field -> full name, with {h} for one a head
    bare: bool = False  # an nn.Parameter of its own, so its orientation is open
    per_head: bool = False


def candidates(
    kata: Kata, roles: dict[str, Shape], found: Sequence[tuple[str, Shape]], config: Config
) -> list[Binding]:
    """Bindings that fit, the most plausible first; empty when nothing fits."""
    optional = {role.base + ".bias" for role in kata.roles if role.bias_optional} & roles.keys()
    names = dict(found)
    if roles.keys() >= names.keys() >= roles.keys() - optional and all(roles[n] == s for n, s in names.items()):
        plain = tuple(Piece(name, (name,), "plain") for name in names)
        return [Binding(plain, frozenset(roles.keys() - names.keys()))]
    heads = head_count(config)
    for split in (False, True):
        targets = _units(roles.items(), kata.roles, split)
        plain_units = _units(found, (), split)
        merged = _merge_heads(plain_units, heads)
        views = [merged] if merged == plain_units else [merged, plain_units]  # as many layers as heads may be chance
        plans: dict[Binding, None] = {}
        for by_alias in (True, False):  # names may lie: every assignment is right code, whatever things are called
            for sources, turned in itertools.product(views, (True, False)):
                search = _Search(kata, targets, sources, heads, by_alias, turned, optional)
                plans.update(dict.fromkeys(itertools.islice(search.plans(), MAX_CANDIDATES)))
        if plans:
            return list(plans)[:MAX_CANDIDATES]
    return []


def _units(parameters: object, roles: Sequence[Role], split: bool) -> list[Unit]:
    """Groups parameters by what stands before `.weight` or `.bias`; with `split` every parameter stands alone."""
    whole = {role.base for role in roles}
    units: dict[str, Unit] = {}
    for name, shape in parameters:  # type: ignore[attr-defined]
        match = None if split or name in whole else re.fullmatch(r"(.+)[._](weight|bias)", name)
        base, part = (match[1], match[2]) if match else (name, "weight")
        unit = units.setdefault(base, Unit(base, bare=not name.endswith((".weight", ".bias"))))
        unit.shapes[part] = tuple(shape)
        unit.names[part] = name
    return list(units.values())


def _merge_heads(units: list[Unit], heads: int) -> list[Unit]:
    """Units that differ only in a counted index, one a head, become one."""
    groups: dict[tuple[str, str], list[Unit]] = {}
    for unit in units:
        shapes = str(sorted(unit.shapes.items()))
        for match in re.finditer(r"(?<=\.)\d+(?=\.|$)", unit.name):
            key = (unit.name[: match.start()] + "{h}" + unit.name[match.end() :], shapes)
            groups.setdefault(key, []).append(unit)
    of: dict[str, list[tuple[str, list[Unit]]]] = {}  # name of a unit -> the groups that it could go into
    for (pattern, _), members in groups.items():
        if len(members) == heads > 1 and all(m.name == _numbered(pattern, h) for h, m in enumerate(members)):
            for member in members:
                of.setdefault(member.name, []).append((pattern, members))
    merged: list[Unit] = []
    taken: set[str] = set()
    for unit in units:
        if unit.name in taken:
            continue
        for pattern, members in of.get(unit.name, ()):
            if not taken & {m.name for m in members}:
                taken |= {m.name for m in members}
                names = {part: pattern + name[len(unit.name) :] for part, name in unit.names.items()}
                merged.append(Unit(pattern, unit.shapes, names, unit.bare, per_head=True))
                break
        else:
            merged.append(unit)
    return merged


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


class _Search:
    """Backtracking over the submission's units in order of definition: each takes one role, or several in one matrix."""

    def __init__(
        self,
        kata: Kata,
        targets: list[Unit],
        sources: list[Unit],
        heads: int,
        by_alias: bool,
        turned: bool,
        optional: set[str],
    ) -> None:
        self.targets = {target.name: target for target in targets}
        self.sources = sources
        self.heads = heads
        self.turned = turned  # bare matrices are used as x @ W
        self.optional = optional
        self.groups = [group for group in kata.fused if all(base in self.targets for base in group)]
        self.nodes = 0
        self._fits: dict[tuple[str, tuple[str, ...]], list[tuple[list[Piece], list[str]]]] = {}
        self.known = {source.name: self._by_alias(kata, source) if by_alias else set() for source in sources}

    def _by_alias(self, kata: Kata, source: Unit) -> set[str]:
        """The roles whose name or alias ends this unit's name; the longest match wins."""
        name = _plain(source.name.replace("{h}", ""))
        best: dict[int, set[str]] = {}
        for target in self.targets:
            aliases = [target, *(alias for role in kata.roles if role.base == target for alias in role.aliases)]
            for role in kata.roles:  # split roles: `q_proj.bias` knows `b_q` as an alias of its own
                if target in (role.base + ".weight", role.base + ".bias"):
                    end = target.rsplit(".", 1)[1]
                    aliases += [alias + end for alias in role.aliases] + (list(role.aliases) if end == "weight" else [])
            for alias in aliases:
                if name.endswith(_plain(alias)) and _plain(alias):
                    best.setdefault(len(_plain(alias)), set()).add(target)
        return best[max(best)] if best else set()

    def plans(self) -> Iterator[Binding]:
        """Every complete assignment."""
        yield from self._extend(0, [], [], frozenset())

    def _extend(self, at: int, pieces: list[Piece], zeroed: list[str], used: frozenset[str]) -> Iterator[Binding]:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            return
        if at == len(self.sources):
            left = [t for name, t in self.targets.items() if name not in used]
            open_names = {name for target in left for name in target.names.values()}
            if open_names <= self.optional:
                yield Binding(tuple(pieces), frozenset([*zeroed, *open_names]))
            return
        source = self.sources[at]
        wanted = self.known[source.name]
        for bases in self._choices(source, used):
            if wanted and not (set(bases) & wanted):
                continue
            key = (source.name, bases)
            if key not in self._fits:
                self._fits[key] = list(self._fit(source, [self.targets[base] for base in bases]))
            for new, missing in self._fits[key]:
                yield from self._extend(at + 1, [*pieces, *new], [*zeroed, *missing], used | set(bases))

    def _choices(self, source: Unit, used: frozenset[str]) -> Iterator[tuple[str, ...]]:
        for base in self.targets:
            if base not in used:
                yield (base,)
        for group in self.groups:
            free = [base for base in group if base not in used]
            for size in (3, 2):
                yield from itertools.permutations(free, size)

    def _fit(self, source: Unit, targets: list[Unit]) -> Iterator[tuple[list[Piece], list[str]]]:
        """Ways to make this unit's parameters of these roles."""
        missing = [name for target in targets for part, name in target.names.items() if part not in source.shapes]
        if not set(missing) <= self.optional or any(part not in t.shapes for t in targets for part in source.shapes):
            return
        kinds = ["plain", "heads"] if len(targets) > 1 else ["plain"]
        if source.per_head:
            kinds = ["per_head"]
        elif source.bare and len(source.shapes.get("weight", ())) == 3:
            kinds = ["plain", "stacked", "stacked_out"]
        for kind in kinds:
            matrix = source.bare and len(source.shapes.get("weight", ())) == 2
            for turned in (True, False) if kind == "stacked" else (self.turned and matrix,):
                pieces = []
                for part, shape in source.shapes.items():
                    roles = {t.names[part]: t.shapes[part] for t in targets}
                    whole = Piece(source.names[part], tuple(roles), kind, transposed=turned)
                    fitting = self._shaped(whole, shape, roles)
                    if fitting is None:
                        break
                    pieces.append(fitting)
                else:
                    yield pieces, missing

    def _shaped(self, piece: Piece, shape: Shape, roles: dict[str, Shape]) -> Piece | None:
        """The piece, with leading axes where needed, when it makes a tensor of this shape."""
        values = {role: torch.empty(size) for role, size in roles.items()}  # meta tensors would import dynamo: 1 s
        try:
            made = next(iter(piece.make(values, self.heads).values()))
        except (RuntimeError, IndexError):
            return None
        if tuple(made.shape) == shape:
            return piece
        lead = len(shape) - made.dim()
        if lead > 0 and shape == (1,) * lead + tuple(made.shape) and piece.kind == "plain":
            return Piece(piece.name, piece.roles, piece.kind, piece.transposed, lead)
        return None
