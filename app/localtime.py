"""The learner's own days. A day is a date in his zone, from midnight to midnight: 23, 24 or 25 hours long."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.i18n import marked

WEEKDAYS = (marked("Mon"), marked("Tue"), marked("Wed"), marked("Thu"), marked("Fri"), marked("Sat"), marked("Sun"))
COOKIE = "tz"  # a script writes the browser's zone into it; `tz` in the preferences comes first
_LOCALTIME = Path("/etc/localtime")


@lru_cache(maxsize=256)
def zone_named(name: str) -> ZoneInfo | None:
    """The zone of a name such as `Asia/Shanghai`, or None."""
    try:
        return ZoneInfo(name) if 0 < len(name) <= 64 else None
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):  # unknown; absolute or with ..; a folder; a module
        return None


def zone_of(prefs: Mapping[str, Any], cookies: Mapping[str, str]) -> ZoneInfo:
    """The learner's zone: his choice, his browser's, this machine's."""
    for given in (prefs.get("tz"), unquote(cookies.get(COOKIE, ""))):
        if isinstance(given, str) and (found := zone_named(given)) is not None:
            return found
    return machine_zone()


def machine_zone() -> ZoneInfo:
    """The zone that this machine is set to; UTC where nobody can tell."""
    name = os.environ.get("TZ", "").removeprefix(":")
    if not name:
        name = str(_LOCALTIME.resolve()).rpartition("zoneinfo/")[2]
    return zone_named(name) or ZoneInfo("UTC")


def moment(at: float, zone: ZoneInfo) -> datetime:
    """Seconds since the epoch as a time of the zone."""
    return datetime.fromtimestamp(at, UTC).astimezone(zone)


def day(at: float, zone: ZoneInfo) -> date:
    """The date of a moment, in the zone."""
    return moment(at, zone).date()


def start_of(when: date, zone: ZoneInfo) -> float:
    """The first moment of a day, in seconds since the epoch. Where clocks skip midnight, the moment they skip to."""
    return datetime(when.year, when.month, when.day, tzinfo=zone).timestamp()


def next_day(at: float, zone: ZoneInfo) -> float:
    """When the day after begins: never 24 hours later by arithmetic, clocks change."""
    return start_of(day(at, zone) + timedelta(days=1), zone)
