"""Pictures of a kata's page, as numbers: a table of values, or curves that grow. Read from pictures.toml, worked out here."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from katas.arithmetic import NotANumber, formula
from katas.bank import Kata, KataError

FILE = "pictures.toml"
BLOCK = re.compile(r"(?m)^```picture +(\S+)\s*$")
MOST_CELLS = 64  # a side, of a table that is drawn
MOST_CURVES = 4
_HEAT = {"kind", "axes", "shape", "value"}
_GROWTH = {"kind", "axis", "first", "last", "unit", "curve"}
_CURVE = {"name", "value"}


@dataclass(frozen=True)
class Heat:
    """A table of values with a letter an axis."""

    name: str
    axes: tuple[str, str]
    rows: int
    columns: int
    values: tuple[float, ...]  # row by row


@dataclass(frozen=True)
class Curve:
    """One quantity at every length."""

    name: dict[str, str]
    values: tuple[float, ...]


@dataclass(frozen=True)
class Growth:
    """Quantities against one length that doubles from point to point, to be drawn on two logarithmic scales."""

    axis: str
    unit: dict[str, str]  # what is counted
    points: tuple[int, ...]
    curves: tuple[Curve, ...]


def read_pictures(kata: Kata) -> dict[str, Heat | Growth]:
    """Name -> picture; empty for a kata without pictures.toml. Raises KataError, which names the picture."""
    path = kata.folder / FILE
    if not path.is_file():
        return {}
    try:
        return dict(_pictures(kata.id, path.read_text(encoding="utf-8")))
    except UnicodeDecodeError:
        raise KataError(kata.id, FILE, "is not UTF-8") from None


def shown(kata: Kata, lang: str) -> list[tuple[str, str]]:
    """(section, picture) of every picture that a page shows. Raises KataError for one that pictures.toml does not have."""
    known = read_pictures(kata)
    found = [(section, name) for section, text in kata.page(lang).items() for name in BLOCK.findall(text)]
    for _, name in found:
        if name not in known:
            raise KataError(kata.id, f"page.{lang}.md", f"shows a picture `{name}` that is not in {FILE}")
    return found


@lru_cache(maxsize=32)
def _pictures(kata: str, source: str) -> tuple[tuple[str, Heat | Growth], ...]:
    found: list[tuple[str, Heat | Growth]] = []
    try:
        for name, raw in tomllib.loads(source).items():
            found.append((name, _picture(name, raw)))
    except tomllib.TOMLDecodeError as error:
        raise KataError(kata, FILE, f"cannot be read: {error}") from None
    except NotANumber as error:
        raise KataError(kata, FILE, f"[{name}]: `{error}` is no number at every point") from None
    except KeyError as error:
        raise KataError(kata, FILE, f"[{name}]: has no `{error.args[0]}`") from None
    except (TypeError, ValueError) as error:
        raise KataError(kata, FILE, f"[{name}]: {error.args[0] if error.args else 'is not understood'}") from None
    return tuple(found)


def _picture(name: str, raw: dict[str, Any]) -> Heat | Growth:
    kind = raw["kind"]
    if kind == "heat":
        _known(raw, _HEAT)
        return _heat(name, raw)
    if kind == "growth":
        _known(raw, _GROWTH)
        return _growth(raw)
    raise ValueError(f"kind is `heat` or `growth`, not `{kind}`")


def _heat(name: str, raw: dict[str, Any]) -> Heat:
    (row, column), (rows, columns) = raw["axes"], raw["shape"]
    if not (1 <= rows <= MOST_CELLS and 1 <= columns <= MOST_CELLS):
        raise ValueError(f"shape is at most {MOST_CELLS} by {MOST_CELLS}")
    value = formula(raw["value"], row.lower(), column.lower())
    return Heat(name, (row, column), rows, columns, tuple(value(r, c) for r in range(rows) for c in range(columns)))


def _growth(raw: dict[str, Any]) -> Growth:
    first, last, curves = raw["first"], raw["last"], raw["curve"]
    if not (1 <= first < last <= first << 40 and 1 <= len(curves) <= MOST_CURVES):
        raise ValueError(f"first is 1 or more, last is more, and there are at most {MOST_CURVES} curves")
    points = [first]
    while points[-1] * 2 <= last:
        points.append(points[-1] * 2)
    return Growth(
        raw["axis"], _text(raw["unit"]), tuple(points), tuple(_curve(one, raw["axis"], points) for one in curves)
    )


def _curve(raw: dict[str, Any], axis: str, points: list[int]) -> Curve:
    _known(raw, _CURVE)
    value = formula(raw["value"], axis)
    values = tuple(value(point) for point in points)
    if min(values) <= 0:
        raise ValueError("a curve on a logarithmic scale is above 0 everywhere")
    return Curve(_text(raw["name"]), values)


def _text(raw: dict[str, str]) -> dict[str, str]:
    return {"en": raw["en"], "zh": raw["zh"]}


def _known(raw: dict[str, Any], fields: set[str]) -> None:
    if strange := raw.keys() - fields:
        raise ValueError(f"does not know the field `{min(strange)}`")
