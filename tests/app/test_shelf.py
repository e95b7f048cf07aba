"""The bank as a server needs it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.shelf import SECONDS, UNKNOWN, Shelf
from katas.bank import Bank, KataError, UnknownKata
from tests.app.banks import write_kata


class Clock:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shelf(tmp_path: Path, clock: Clock) -> Shelf:
    write_kata(tmp_path, "one")
    write_kata(tmp_path, "two")
    return Shelf(tmp_path, clock)


def test_it_says_what_the_bank_says() -> None:
    shelf, bank = Shelf.open(), Bank.open()
    assert shelf.ids() == bank.ids()
    assert shelf.katas() == bank.katas()
    assert shelf.documents() == bank.documents()
    assert shelf.kata("layer_norm").digest == bank.kata("layer_norm").digest


def test_a_kata_is_read_once(shelf: Shelf, clock: Clock) -> None:
    first = shelf.kata("one")
    clock.now += SECONDS
    assert shelf.kata("one") is first


def test_a_change_is_seen_a_little_later(shelf: Shelf, clock: Clock) -> None:
    first = shelf.kata("one")
    assert first.digest
    (shelf.root / "one" / "starter.py").write_text("def one(): ...\n", encoding="utf-8")
    assert shelf.kata("one") is first
    clock.now += SECONDS
    assert shelf.kata("one").digest != first.digest


def test_katas_come_and_go(shelf: Shelf, clock: Clock) -> None:
    with pytest.raises(UnknownKata) as error:
        shelf.kata("ones")
    assert error.value.nearest == ("one",)
    assert "three" not in shelf.ids()
    write_kata(shelf.root, "three")
    shutil.rmtree(shelf.root / "one")
    clock.now += SECONDS
    assert shelf.ids() == ["three", "two"]
    assert shelf.kata("three").id == "three"
    with pytest.raises(UnknownKata):
        shelf.kata("one")


def test_a_new_kata_is_found_at_once_when_it_is_asked_for(shelf: Shelf) -> None:
    assert shelf.ids() == ["one", "two"]
    write_kata(shelf.root, "four")
    assert shelf.kata("four").id == "four"
    assert "four" in shelf.ids()


def test_a_broken_kata_stays_broken_until_it_is_mended(shelf: Shelf, clock: Clock) -> None:
    file = shelf.root / "one" / "kata.toml"
    good = file.read_text(encoding="utf-8")
    file.write_text("format = ", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(KataError) as error:
            shelf.kata("one")
        assert error.value.file == "kata.toml"
    file.write_text(good, encoding="utf-8")
    clock.now += SECONDS
    assert shelf.kata("one").id == "one"


@pytest.mark.parametrize("name", ["", "..", "../one", "One", "one/", "x" * 1000, "\0", "é"])
def test_what_is_no_name_is_unknown(shelf: Shelf, name: str) -> None:
    with pytest.raises(UnknownKata):
        shelf.kata(name)


def test_names_that_do_not_exist_are_not_remembered_for_ever(shelf: Shelf) -> None:
    for number in range(UNKNOWN + 10):
        with pytest.raises(UnknownKata):
            shelf.kata(f"nothing_{number}")
    assert len(shelf._unknown) == UNKNOWN


def test_the_list_of_questions_is_read_again_when_it_changes(shelf: Shelf) -> None:
    assert shelf.documents() == {}
    (shelf.root / "documents.toml").write_text('["000#1"]\nkind = "concept"\n', encoding="utf-8")
    assert shelf.documents() == {"000#1": {"kind": "concept"}}
    assert shelf.documents() is shelf.documents()


def test_a_broken_kata_is_told_apart_and_left_out_among_neighbours(shelf: Shelf, clock: Clock) -> None:
    write_kata(shelf.root, "three")
    (shelf.root / "two" / "kata.toml").write_text("format = ", encoding="utf-8")
    clock.now += SECONDS
    katas, broken = shelf.sound()
    assert [kata.id for kata in katas] == ["one", "three"]
    assert [error.kata for error in broken] == ["two"]
    assert [kata.id for kata in shelf.known(["three", "two", "nowhere", "one"])] == ["three", "one"]
