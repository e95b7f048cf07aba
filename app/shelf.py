"""The bank as a server needs it: read once, looked at again now and then, so that an author sees what he has changed."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from katas.bank import Bank, Kata, KataError, UnknownKata

SECONDS = 2.0  # between looks at the same kata's files
UNKNOWN = 256  # names that are remembered not to exist; anybody may ask for any
LONGEST_NAME = 64
TEXTS = frozenset({".py", ".toml", ".md"})
Stamp = tuple[tuple[str, int, int], ...]


@dataclass
class _Held:
    stamp: Stamp
    until: float  # not looked at again before
    kata: Kata | None
    broken: str = ""  # the file
    what: str = ""


class Shelf(Bank):
    """A bank that keeps what it has read."""

    def __init__(self, root: Path, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(root)
        self._clock = clock
        self._held: dict[str, _Held] = {}
        self._unknown: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        self._ids: list[str] = []
        self._ids_until = -1.0
        self._documents: dict[str, dict[str, Any]] = {}
        self._documents_stamp = -1

    @classmethod
    def open(cls, root: Path | None = None) -> Shelf:
        """As Bank.open."""
        return cls(Bank.open(root).root)

    def ids(self) -> list[str]:
        """Names of all katas, sorted."""
        now = self._clock()
        if now >= self._ids_until:
            ids = super().ids()
            if ids != self._ids:
                self._unknown.clear()
            self._ids, self._ids_until = ids, now + SECONDS
        return list(self._ids)

    def kata(self, name: str) -> Kata:
        """One kata. Raises UnknownKata, or KataError when its folder is broken."""
        if name not in self.ids():
            self._look_for(name)
        now, held = self._clock(), self._held.get(name)
        if held is None or now >= held.until:
            stamp = _stamp(self.root / name)
            if held is None or held.stamp != stamp:
                held = self._held[name] = self._taken(name, stamp)
            held.until = now + SECONDS
        if held.kata is None:
            raise KataError(name, held.broken, held.what)
        return held.kata

    def sound(self) -> tuple[list[Kata], list[KataError]]:
        """Every kata that can be read, sorted by name, and what is wrong with the others."""
        katas: list[Kata] = []
        broken: list[KataError] = []
        for name in self.ids():
            try:
                katas.append(self.kata(name))
            except KataError as error:
                broken.append(error)
            except UnknownKata:
                continue  # taken out a moment ago
        return katas, broken

    def known(self, names: Iterable[str]) -> list[Kata]:
        """Those of the katas that are there and can be read; a kata may name others that are yet to come."""
        return list(self.each_known(names))

    def each_known(self, names: Iterable[str]) -> Iterator[Kata]:
        """As `known`, for who stops early."""
        for name in names:
            try:
                yield self.kata(name)
            except (UnknownKata, KataError):
                continue  # a neighbour's trouble is none of this one's

    def documents(self) -> dict[str, dict[str, Any]]:
        """The list of document questions."""
        try:
            stamp = (self.root / "documents.toml").stat().st_mtime_ns
        except OSError:
            stamp = 0
        if stamp != self._documents_stamp:
            self._documents, self._documents_stamp = super().documents(), stamp
        return self._documents

    def _taken(self, name: str, stamp: Stamp) -> _Held:
        try:
            return _Held(stamp, 0.0, super().kata(name))
        except KataError as error:
            return _Held(stamp, 0.0, None, error.file, error.what)

    def _look_for(self, name: str) -> None:
        """A name that was not there at the last look. Raises UnknownKata."""
        known = self._unknown.get(name)
        if known is None:
            try:
                super().kata(name)
            except UnknownKata as error:
                if len(name) <= LONGEST_NAME:
                    self._unknown[name] = error.nearest
                if len(self._unknown) > UNKNOWN:
                    self._unknown.popitem(last=False)
                raise
            except KataError:
                pass  # it is there, and broken
            self._ids_until = -1.0  # it came a moment ago
        else:
            raise UnknownKata(name, known)


def _stamp(folder: Path) -> Stamp:
    """What changes when a file of a kata does."""
    found = []
    for path in folder.rglob("*"):
        if path.suffix in TEXTS:
            try:
                status = path.stat()
            except OSError:
                continue  # gone while we look
            found.append((str(path), status.st_mtime_ns, status.st_size))
    return tuple(sorted(found))
