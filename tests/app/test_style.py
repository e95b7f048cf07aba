"""The rules of the look that a machine can hold: contrast in both themes, four sizes, no shadow, nothing from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHEETS = sorted([*(ROOT / "app" / "static").glob("*.css"), *(ROOT / "frontend" / "src").glob("*.css")])
STYLE = (ROOT / "app" / "static" / "style.css").read_text(encoding="utf-8")
TEXT = 4.5  # WCAG AA
CONTROL = 3.0

GROUNDS = ("paper", "raised", "code-bg")
SOFT = {"accent": "accent-soft", "pass": "pass-soft", "fail": "fail-soft", "wait": "wait-soft"}
INKS = ("ink", "muted", "accent", "pass", "fail", "wait")
TOKENS = ("tok-keyword", "tok-string", "tok-number", "tok-comment", "tok-name", "tok-decorator")


def colours() -> dict[str, tuple[str, str]]:
    """Token -> its colour in the light and in the dark."""
    found = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", STYLE)
    return {name: (light, dark) for name, light, dark in found}


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG defines it."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


PAIRS = [
    *((ink, ground) for ink in INKS for ground in GROUNDS),
    *((token, ground) for token in TOKENS for ground in GROUNDS),
    *SOFT.items(),
    *(("ink", soft) for soft in SOFT.values()),
    *(("muted", soft) for soft in SOFT.values()),
    ("on-accent", "accent"),
]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_text_can_be_read_in_both_themes(ink: str, ground: str, theme: int) -> None:
    known = colours()
    assert contrast(known[ink][theme], known[ground][theme]) >= TEXT


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_the_border_of_a_control_can_be_seen(theme: int) -> None:
    borders = set(re.findall(r"1px solid light-dark\((#\w{6}), (#\w{6})\)", STYLE))
    assert borders
    for border in borders:
        assert contrast(border[theme], colours()["paper"][theme]) >= CONTROL


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_a_style_sheet_uses_the_tokens_and_nothing_from_elsewhere(sheet: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert "url(" not in text
    assert [name for name in re.findall(r'@import "([^"]+)"', text) if not name.startswith("katex/")] == []
    assert "@font-face" not in text
    if sheet.name != "kata.css":  # the scale of a heat map is one
        assert "gradient(" not in text
    # A line rather than a shadow: the one that is allowed is the line under what is current.
    shadows = re.findall(r"box-shadow:\s*([^;}]+)", text)
    assert [s for s in shadows if not re.fullmatch(r"(inset )?0 -?2px 0 var\(--accent\)|none", s.strip())] == []
    for size in re.findall(
        r"font-size:\s*([^;}]+)", re.sub(r"\.chart text \{[^}]*\}", "", text)
    ):  # in units of a drawing
        known = r"var\(--(small|text|large|huge|code-size|editor-font)(, ?14px)?\)|1\.05em|inherit|1em|0"
        assert re.fullmatch(known, size.strip()), f"{size}: there are four sizes"


def test_motion_stops_for_who_asks_for_that() -> None:
    assert "prefers-reduced-motion: reduce" in STYLE
    for sheet in SHEETS:
        for number, unit in re.findall(r"(\d*\.?\d+)(ms|s)\b", sheet.read_text(encoding="utf-8")):
            assert float(number) * (1000 if unit == "s" else 1) <= 150, sheet.name
