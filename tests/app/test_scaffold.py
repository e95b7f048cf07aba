"""A new kata's folder."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from app.errors import UsageError
from app.scaffold import scaffold
from katas.bank import Bank
from katas.quiz import read_quiz


def test_a_scaffold_is_a_kata_that_the_bank_reads(tmp_path: Path) -> None:
    bank = Bank.open(tmp_path)
    folder, files = scaffold("my_kata", bank)
    kata = bank.kata("my_kata")
    assert kata.folder == folder
    assert kata.entry == "my_kata"
    for lang in ("en", "zh"):
        assert len(kata.hints(lang)) == 3
        assert all("TODO" in text for text in kata.page(lang).values())
    assert kata.starter.startswith("# kata: my_kata\n")
    assert [mistake.id for mistake in kata.mistakes] == ["todo"]
    assert all((folder / file).is_file() for file in files)


def test_a_concept_scaffold_is_a_kata_with_a_quiz(tmp_path: Path) -> None:
    bank = Bank.open(tmp_path)
    folder, files = scaffold("my_idea", bank, "concept")
    kata = bank.kata("my_idea")
    assert kata.kind == "concept"
    assert files == ["kata.toml", "page.en.md", "page.zh.md", "quiz.toml"]
    assert [question.kind for question in read_quiz(kata).questions] == ["single", "numeric"]
    for lang in ("en", "zh"):
        assert all("TODO" in text for text in kata.page(lang).values())
    assert "TODO" in (folder / "quiz.toml").read_text(encoding="utf-8")


def test_every_file_of_a_scaffold_says_what_is_to_be_done(tmp_path: Path) -> None:
    folder, files = scaffold("my_kata", Bank.open(tmp_path))
    for file in files:
        text = (folder / file).read_text(encoding="utf-8")
        assert "TODO" in text
        if file.endswith(".py"):
            ast.parse(text)


@pytest.mark.parametrize("name", ["", "MyKata", "my-kata", "1kata", "../kata", "a/b", "k" * 65, "ката", "kata.x"])
def test_a_name_that_is_no_id_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be a kata's id"):
        scaffold(name, Bank.open(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_kata_that_exists_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "softmax").mkdir()
    with pytest.raises(UsageError, match="exists already"):
        scaffold("softmax", Bank.open(tmp_path))
    assert list((tmp_path / "softmax").iterdir()) == []
