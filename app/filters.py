"""What templates make of values: times, points, code, foreign text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime

from app import localtime, rendering
from app.reports.figures import points
from app.terminal import visible

LOCALES = {"en": "en_GB", "zh": "zh_Hans_CN"}
PATTERNS = {"en": "d MMM y, HH:mm", "zh": "y年M月d日 HH:mm"}
DAYS = {"en": "d MMM y", "zh": "y年M月d日"}
SHORT = {"en": "d MMM", "zh": "M月d日"}


def iso(at: float) -> str:
    """Seconds since the epoch as an ISO 8601 time in UTC, for `datetime`."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def moment(at: float, zone: ZoneInfo, lang: str) -> str:
    """The same for a person, in his zone."""
    when = localtime.moment(at, zone)
    return format_datetime(when, PATTERNS[lang], tzinfo=zone, locale=LOCALES[lang])


def on(day: date, lang: str, *, short: bool = False) -> str:
    """A day for a person; `short` leaves out the year."""
    return format_date(day, SHORT[lang] if short else DAYS[lang], locale=LOCALES[lang])


def month(day: date, lang: str) -> str:
    """The month of a day, at the head of a calendar."""
    return format_date(day, "LLL", locale=LOCALES[lang])


FILTERS: dict[str, Callable[..., Any]] = {
    "iso": iso,
    "moment": moment,
    "points": points,
    "python": rendering.code,
    "visible": visible,
    "on": on,
    "month": month,
}
