"""A learner's days are those of his zone, also where clocks change."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from app.localtime import day, machine_zone, next_day, start_of, zone_named, zone_of
from tests.app.history import SHANGHAI, at

BERLIN = ZoneInfo("Europe/Berlin")


def test_the_same_moment_is_another_day_elsewhere() -> None:
    moment = at("2026-03-01 20:00")
    assert day(moment, ZoneInfo("UTC")) == date(2026, 3, 1)
    assert day(moment, SHANGHAI) == date(2026, 3, 2)
    assert day(moment, ZoneInfo("America/Los_Angeles")) == date(2026, 3, 1)


@pytest.mark.parametrize(("when", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_a_day_is_as_long_as_the_clock_makes_it(when: str, hours: int) -> None:
    start = start_of(date.fromisoformat(when), BERLIN)
    assert next_day(start, BERLIN) - start == hours * 3600
    assert next_day(start + 3600 * (hours - 0.5), BERLIN) - start == hours * 3600


@pytest.mark.parametrize(
    ("zone", "when"),
    [
        ("America/Havana", "2026-03-08"),
        ("Asia/Beirut", "2026-03-29"),
        ("America/Santiago", "2026-09-06"),
        ("Europe/Berlin", "2026-10-25"),
    ],
)
def test_a_day_begins_in_itself_even_where_midnight_is_skipped(zone: str, when: str) -> None:
    start, found = start_of(date.fromisoformat(when), ZoneInfo(zone)), ZoneInfo(zone)
    assert day(start, found) == date.fromisoformat(when)
    assert day(start - 1, found) < date.fromisoformat(when)


def test_the_choice_comes_before_the_browser_and_the_browser_before_the_machine() -> None:
    cookies = {"tz": "Europe%2FBerlin"}
    assert zone_of({"tz": "Asia/Shanghai"}, cookies) == SHANGHAI
    assert zone_of({"tz": ""}, cookies) == BERLIN
    assert zone_of({}, {"tz": "Europe/Berlin"}) == BERLIN
    assert zone_of({"tz": "Mars/Olympus"}, {"tz": "../../etc/passwd"}) == machine_zone()


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "../UTC", "/etc/localtime", "Europe", "UTC\0", "x" * 65, "Ünited", "__init__/UTC"]
)
def test_a_name_of_no_zone_is_none(name: str) -> None:
    assert zone_named(name) is None


def test_the_machine_says_its_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    assert machine_zone() == SHANGHAI
    monkeypatch.setenv("TZ", "nowhere")
    assert machine_zone().key == "UTC"
