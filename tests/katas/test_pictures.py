"""The pictures of the pages: their numbers are those of torch, both languages show the same, a broken file is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from katas.bank import Bank, KataError, read_kata
from katas.pictures import Growth, Heat, read_pictures, shown
from reference.position import SinusoidalPositionalEncoding
from tests.app.banks import write_kata
from tests.katas.test_concepts import flops

BANK = Bank.open()
GROWTH = """
[one]
kind = "growth"
axis = "L"
first = 1
last = 8
unit = {en = "numbers", zh = "个"}
curve = [{name = {en = "a", zh = "甲"}, value = "L**2"}]
"""
HEAT = '[one]\nkind = "heat"\naxes = ["L", "D"]\nshape = [2, 3]\nvalue = "10 * l + d"\n'


@pytest.mark.parametrize("name", BANK.ids())
def test_every_picture_is_shown_in_the_same_section_of_both_pages(name: str) -> None:
    kata = BANK.kata(name)
    assert shown(kata, "en") == shown(kata, "zh")
    assert sorted(one for _, one in shown(kata, "en")) == sorted(read_pictures(kata))


def test_a_page_that_shows_a_picture_which_is_not_there_is_named(tmp_path: Path) -> None:
    kata = read_kata(write_kata(tmp_path, "mine"))
    page = kata.folder / "page.zh.md"
    page.write_text(page.read_text("utf-8").replace("## 答案", "## 答案\n\n```picture one\n图。\n```"), "utf-8")
    assert shown(kata, "en") == []
    with pytest.raises(KataError, match=r"page.zh.md: shows a picture `one` that is not in pictures.toml"):
        shown(kata, "zh")
    (kata.folder / "pictures.toml").write_text(HEAT, encoding="utf-8")
    assert shown(kata, "zh") == [("Answer", "one")]


def test_the_sinusoidal_table_is_that_of_the_reference() -> None:
    picture = read_pictures(BANK.kata("positional_encoding_what"))["table"]
    assert isinstance(picture, Heat)
    table = SinusoidalPositionalEncoding(picture.columns, picture.rows)(
        torch.zeros(1, picture.rows, picture.columns, dtype=torch.float64)
    )
    drawn = torch.tensor(picture.values, dtype=torch.float64).view(picture.rows, picture.columns)
    torch.testing.assert_close(drawn, table[0].double(), atol=1e-6, rtol=0)


def test_the_two_curves_of_the_arithmetic_add_up_to_what_torch_counts() -> None:
    picture = read_pictures(BANK.kata("attention_complexity"))["arithmetic"]
    assert isinstance(picture, Growth)
    for at, length in enumerate(picture.points[:3]):
        assert sum(curve.values[at] for curve in picture.curves) == flops(length, 512)
    crossing = picture.points.index(1024)
    assert picture.curves[0].values[crossing] == picture.curves[1].values[crossing]


def test_the_stored_weights_outgrow_the_rest_where_the_page_says() -> None:
    picture = read_pictures(BANK.kata("attention_complexity"))["memory"]
    assert isinstance(picture, Growth)
    rest, weights = (curve.values[0] for curve in picture.curves)
    first = picture.points[0]
    assert picture.curves[0].values[-1] / rest == picture.points[-1] / first
    assert picture.curves[1].values[-1] / weights == (picture.points[-1] / first) ** 2
    assert rest / weights * first == 320


def test_a_length_doubles_from_point_to_point_and_a_table_is_row_by_row(tmp_path: Path) -> None:
    kata = read_kata(write_kata(tmp_path, "mine"))
    (kata.folder / "pictures.toml").write_text(GROWTH, encoding="utf-8")
    growth = read_pictures(kata)["one"]
    assert isinstance(growth, Growth)
    assert (growth.points, growth.curves[0].values) == ((1, 2, 4, 8), (1, 4, 16, 64))
    (kata.folder / "pictures.toml").write_text(HEAT, encoding="utf-8")
    heat = read_pictures(kata)["one"]
    assert isinstance(heat, Heat)
    assert heat.values == (0, 1, 2, 10, 11, 12)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[one", "cannot be read"),
        ('[one]\nkind = "pie"', "[one]: kind is `heat` or `growth`"),
        (GROWTH.replace("first = 1", "first = 0"), "[one]: first is 1 or more"),
        (GROWTH.replace("L**2", "L - 4"), "[one]: a curve on a logarithmic scale is above 0"),
        (GROWTH.replace("L**2", "L / (L - 4)"), "[one]: `L / (L - 4)` is no number"),
        (GROWTH.replace("L**2", "__import__('os')"), "[one]: `__import__('os')` is no number"),
        (GROWTH.replace("unit", "colour"), "[one]: does not know the field `colour`"),
        (GROWTH.replace('axis = "L"', ""), "[one]: has no `axis`"),
        (HEAT.replace("[2, 3]", "[2, 65]"), "[one]: shape is at most 64 by 64"),
        (HEAT.replace("[2, 3]", "[2]"), "[one]: "),
    ],
)
def test_a_broken_file_is_named_with_the_picture(text: str, said: str, tmp_path: Path) -> None:
    kata = read_kata(write_kata(tmp_path, "mine"))
    (kata.folder / "pictures.toml").write_text(text, encoding="utf-8")
    with pytest.raises(KataError, match=re.escape(said)) as error:
        read_pictures(kata)
    assert (error.value.kata, error.value.file) == ("mine", "pictures.toml")
