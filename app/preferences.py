"""How a person likes the pages: one table of what there is to choose, and what it may be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from app.db import Database
from app.i18n import LANGUAGES
from app.localtime import zone_named
from app.models import Preference
from app.people import Person
from app.refusals import Refused
from app.review import EASY_DAYS, LEAST_RETENTION, MOST_A_DAY, MOST_RETENTION

Value = str | int | float | bool
THEMES = ("auto", "light", "dark")
LEAST_FONT, MOST_FONT = 10, 32  # pixels


class BadValue(Refused):
    """The preference `name` cannot be `value`."""

    status = 422
    key = "bad_value"


def _one_of(*words: str) -> Callable[[str], Value]:
    def read(text: str) -> Value:
        if text not in words:
            raise ValueError
        return text

    return read


def _switch(text: str) -> Value:
    return {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False, "": False}[text.lower()]


def _number(least: float, most: float, kind: type[int] | type[float] = int) -> Callable[[str], Value]:
    def read(text: str) -> Value:
        number = kind(text)
        if not least <= number <= most:  # NaN is refused as well
            raise ValueError
        return number

    return read


def _zone(text: str) -> Value:
    if text and zone_named(text) is None:
        raise ValueError
    return text


def _panes(text: str) -> Value:
    # Sizes and what is folded, in the words of the script that draws the panes.
    if not re.fullmatch(r"[A-Za-z0-9 .,:;|_-]{0,80}", text):
        raise ValueError
    return text


# name -> how its text is read; ValueError or KeyError refuse it
TABLE: dict[str, Callable[[str], Value]] = {
    "lang": _one_of("auto", *LANGUAGES),
    "theme": _one_of(*THEMES),
    "vim": _switch,
    "font_size": _number(LEAST_FONT, MOST_FONT),
    "panes": _panes,
    "tz": _zone,  # empty: that of the browser
    "retention": _number(LEAST_RETENTION, MOST_RETENTION, float),
    "reviews_a_day": _number(1, MOST_A_DAY),
    **dict.fromkeys(EASY_DAYS, _switch),
}


def read(given: Mapping[str, str]) -> dict[str, Value]:
    """The preferences among the fields of a form. Raises BadValue."""
    found: dict[str, Value] = {}
    for name, text in given.items():
        if name in TABLE:
            try:
                found[name] = TABLE[name](text.strip())
            except (ValueError, KeyError):
                raise BadValue(name=name, value=text[:40]) from None
    return found


def change(db: Database, person: Person, new: Mapping[str, Value]) -> dict[str, Any]:
    """Keeps the new values beside the old ones; returns all."""
    with db.writing() as session:
        row = session.get(Preference, person.holder)
        if row is None:
            row = Preference(holder=person.holder, values={})
            session.add(row)
        row.values = {**row.values, **new}
        return dict(row.values)
