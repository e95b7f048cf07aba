"""Pictures of a page as HTML: straight lines on two logarithmic scales, numbers that a script reads, tables for everybody."""

from __future__ import annotations

import itertools
import json
import re

import pytest
from markupsafe import Markup

from app.figures import figure, short
from katas.pictures import Curve, Growth, Heat

CAPTION = Markup("<em>said</em>")
BOTH = {"en": "a < b", "zh": "甲 < 乙"}


def squares() -> Growth:
    """A line and a square over six doublings."""
    points = tuple(2**n for n in range(1, 8))
    return Growth(
        "L", BOTH, points, (Curve(BOTH, points), Curve({"en": "s", "zh": "方"}, tuple(float(p * p) for p in points)))
    )


def test_a_power_is_a_straight_line_and_its_slope_is_the_exponent() -> None:
    slopes = []
    for line in re.findall(r'points="([^"]+)"', figure(squares(), CAPTION, "en")):
        places = [tuple(map(float, place.split(","))) for place in line.split()]
        steps = [(y - b) / (x - a) for (a, b), (x, y) in itertools.pairwise(places)]
        assert max(steps) - min(steps) < 0.02  # the drawing has a tenth of a unit
        slopes.append(sum(steps) / len(steps))
    assert slopes[1] / slopes[0] == pytest.approx(2, rel=0.02)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_curves_have_their_numbers_in_a_table_and_their_words_escaped(lang: str) -> None:
    shown = str(figure(squares(), CAPTION, lang))
    assert shown.count("<tr>") == 1 + 7
    assert '<th scope="row">128</th><td>128</td><td>16,384</td>' in shown
    assert BOTH[lang].replace("<", "&lt;") in shown
    assert BOTH[lang] not in shown
    assert "<em>said</em>" in shown
    assert "style=" not in shown
    assert "<script" not in shown


def test_a_heat_map_hands_its_numbers_to_the_script_and_shows_the_first_in_a_table() -> None:
    values = tuple(n / 3 for n in range(90))
    shown = str(figure(Heat("table", ("L", "D"), 10, 9, values), CAPTION, "en"))
    given = json.loads(re.findall(r'<script type="application/json">(.*?)</script>', shown)[0])
    assert (given["axes"], given["shape"], given["kind"]) == (["L", "D"], [10, 9], "values")
    assert given["slices"][0]["actual"][:4] == [0.0, 0.3333, 0.6667, 1.0]
    assert '<th scope="row">l=7</th><td>21</td>' in shown
    assert "l=8" not in shown
    assert "d=8" not in shown
    assert "The first rows and columns." in shown
    assert "The first rows" not in figure(Heat("table", ("L", "D"), 1, 2, (1.0, 2.0)), CAPTION, "en")


def test_no_text_of_a_picture_ends_its_script() -> None:
    shown = str(figure(Heat("</script><b>", ("L", "D"), 1, 1, (1.0,)), CAPTION, "en"))
    assert shown.count("</script>") == 1
    assert "<b>" not in shown.replace("\\/script><b>", "")


def test_numbers_have_the_digits_that_matter() -> None:
    assert [short(v) for v in (4096, 0.5, 2.5, 137438953472, 1_000_000)] == [
        "4,096",
        "5.00 × 10⁻¹",
        "2.5",
        "1.37 × 10¹¹",
        "1.00 × 10⁶",
    ]
