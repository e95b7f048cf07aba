"""What templates make of values: times, points, code, foreign text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from app import localtime, rendering
from app.reports.figures import points
from app.terminal import visible

LOCALES = {"en": "en_GB", "zh": "zh_Hans_CN"}
PATTERNS = {"en": "d MMM y, HH:mm", "zh": "y年M月d日 HH:mm"}


def iso(at: float) -> str:
    """Seconds since the epoch as an ISO 8601 time in UTC, for `datetime`."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def moment(at: float, zone: ZoneInfo, lang: str) -> str:
    """The same for a person, in his zone."""
    when = localtime.moment(at, zone)
    return format_datetime(when, PATTERNS[lang], tzinfo=zone, locale=LOCALES[lang])


FILTERS: dict[str, Callable[..., Any]] = {
    "iso": iso,
    "moment": moment,
    "points": points,
    "python": rendering.code,
    "visible": visible,
}
