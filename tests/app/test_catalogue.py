"""Looking for katas."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app import catalogue
from app.catalogue import Wish
from app.progress import Standing, Status
from katas.bank import Bank

KATAS = Bank.open().katas()


def ids(wish: Wish, found: dict[str, Standing] | None = None) -> list[str]:
    """What a wish finds."""
    return [row.kata.id for _, rows in catalogue.find(KATAS, found or {}, wish) for row in rows]


def test_no_wish_finds_everything_track_by_track() -> None:
    assert sorted(ids(Wish())) == sorted(kata.id for kata in KATAS)
    tracks = [track for track, _ in catalogue.find(KATAS, {}, Wish())]
    assert tracks == [track for track in catalogue.TRACKS if track in tracks]
    for _, rows in catalogue.find(KATAS, {}, Wish()):
        levels = [row.kata.level for row in rows]
        assert levels == sorted(levels)


@pytest.mark.parametrize(
    "words", ["multi-head", "MULTI head", "多头注意力", "multi_head_attention", "MultiHeadAttention"]
)
def test_words_are_looked_for_in_both_languages_and_in_names(words: str) -> None:
    assert "multi_head_attention" in ids(Wish(q=words))


@pytest.mark.parametrize("words", ["padding -INF", "ｐａｄｄｉｎｇ broadcasts", "填充 梯度"])
def test_what_a_kata_asks_is_looked_through_as_well(words: str) -> None:
    found = ids(Wish(q=words))
    assert "masked_softmax" in found
    assert "layer_norm" not in found


def test_a_kata_whose_page_is_broken_is_still_found_by_its_name(tmp_path: Path) -> None:
    shutil.copytree(KATAS[0].folder, tmp_path / KATAS[0].id)
    (kata,) = Bank.open(tmp_path).katas()
    (kata.folder / "page.zh.md").unlink()
    assert [row.kata.id for _, rows in catalogue.find([kata], {}, Wish(q=kata.id)) for row in rows] == [kata.id]


def test_all_words_must_be_there() -> None:
    assert ids(Wish(q="attention zzz")) == []
    assert ids(Wish(q="   ")) == ids(Wish())


def test_filters_work_together() -> None:
    assert ids(Wish(track="position", kind="code")) == ["sinusoidal_positional_encoding"]
    assert ids(Wish(level="9")) == []
    assert ids(Wish(track="<script>")) == []
    found = {"layer_norm": Standing("layer_norm", Status.SOLVED)}
    assert ids(Wish(status="solved"), found) == ["layer_norm"]
    assert "layer_norm" not in ids(Wish(status="new"), found)


def test_a_track_that_nobody_has_named_gets_a_readable_name() -> None:
    assert catalogue.track_name("my_own_track") == "My own track"
