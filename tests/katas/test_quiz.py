"""quiz.toml is read as text; what is wrong with it is a sentence that names the question."""

from __future__ import annotations

from pathlib import Path

import pytest

from katas.bank import Bank, KataError, read_kata
from katas.quiz import Quiz, near, read_quiz, written
from tests.app.banks import QUIZ, write_kata


def quiz(folder: Path, text: str = QUIZ) -> Quiz:
    """The quiz of a concept kata that holds this text."""
    path = write_kata(folder, "why_heads", kind="concept")
    (path / "quiz.toml").write_text(text, encoding="utf-8")
    return read_quiz(read_kata(path))


def test_a_quiz_has_questions_of_three_kinds(tmp_path: Path) -> None:
    single, multiple, numeric = quiz(tmp_path).questions
    assert [question.kind for question in (single, multiple, numeric)] == ["single", "multiple", "numeric"]
    assert single.right == {0}
    assert multiple.right == {0, 1}
    assert single.choices[1].reason == {"en": "because one", "zh": "因为一"}
    assert single.choices[0].reason == {}
    assert numeric.number is not None
    assert (numeric.number.value, numeric.number.unit["en"]) == (64, "numbers")


def test_a_number_is_right_within_its_tolerance_and_a_slip_is_known(tmp_path: Path) -> None:
    number = quiz(tmp_path).questions[2].number
    assert number is not None
    assert number.meets(64)
    assert number.meets(64.5)
    assert not number.meets(65)
    slip = number.slip(512)
    assert slip is not None
    assert slip.reason["en"] == "not divided"
    assert number.slip(100) is None


def test_nearness_is_relative_and_zero_is_only_zero() -> None:
    assert near(1.0 + 1e-12, 1.0, 0)
    assert not near(1.0001, 1.0, 0)
    assert near(0, 0, 0)
    assert not near(0.1, 0, 0.01)


def test_choices_are_shuffled_the_same_way_for_the_same_form(tmp_path: Path) -> None:
    question = quiz(tmp_path).questions[1]
    orders = {tuple(place for place, _ in question.shuffled(f"form {n}")) for n in range(40)}
    assert len(orders) > 2
    assert question.shuffled("a") == question.shuffled("a")
    assert all(question.choices[place] == choice for place, choice in question.shuffled("b"))


def test_numbers_are_written_for_people() -> None:
    assert [written(value) for value in (1050624.0, 8.0, 0.029996, -0.5, 2.6667)] == [
        "1,050,624",
        "8",
        "0.03",
        "-0.5",
        "2.667",
    ]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('id = "one"', 'id = "One"', "question 1 needs an `id`"),
        ('id = "one"', "", "question 1 needs an `id`"),
        ('id = "two"', 'id = "one"', "question `one` is there twice"),
        ('kind = "single"', 'kind = "choice"', "kind must be one of single, multiple, numeric, not 'choice'"),
        ('text.en = "Which one?"', "", "question `one`: text is needed in en and zh"),
        ('text.en = "Which one?"', 'text.en = " "', "text.en is empty"),
        ('explanation.zh = "选一"', 'explanation.fr = "un"', "explanation is needed in en and zh"),
        ('text.en = "one wrong"', 'texte.en = "one wrong"', "unknown field `texte`; do you mean `text`?"),
        ('reason.en = "because one"', "", "question `one`, choice 2: reason is needed in en and zh"),
        ("right = true # one", "right = false", "question `one`, choice 1: reason is needed"),
        ("right = true # one", 'right = "yes"', "right must be true or false"),
        ('text.en = "one wrong"', 'text.en = "one right"', "two choices say the same in en"),
        ("value = 64", "value = 65", "the value is 65, but 512 / 8 = 64"),
        ("value = 64", 'value = "64"', "value must be a number"),
        ('derivation = "512 / 8"', 'derivation = "len(x)"', "is no sum of numbers"),
        ('derivation = "512 / 8"', "", "needs a `derivation`"),
        ("tolerance = 0.01", "tolerance = 1.5", "tolerance is relative"),
        ('value = 512\nderivation = "512"', 'value = 64.1\nderivation = "64.1"', "is right within the tolerance"),
        ('unit.en = "numbers"', "", "question `three`: unit is needed in en and zh"),
        ("[question.number]", "[question.nummer]", "unknown field `nummer`; do you mean `number`?"),
        ('kind = "numeric"', 'kind = "single"', "only a numeric question has a [question.number]"),
    ],
)
def test_a_broken_quiz_is_one_sentence(tmp_path: Path, old: str, new: str, what: str) -> None:
    assert QUIZ.count(old) == 1, QUIZ.count(old)
    with pytest.raises(KataError) as caught:
        quiz(tmp_path, QUIZ.replace(old, new))
    assert caught.value.file == "quiz.toml"
    assert what in caught.value.what


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "there is no [[question]]"),
        ("question = 3", "there is no [[question]]"),
        ("question = [3]", "there is no [[question]]"),
        ("questions = []", "unknown field `questions`; do you mean `question`?"),
        ("[[question", "cannot be read"),
    ],
)
def test_a_file_without_questions_is_one_sentence(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(KataError, match=r"quiz\.toml") as caught:
        quiz(tmp_path, text)
    assert what in caught.value.what


def test_a_missing_quiz_names_itself(tmp_path: Path) -> None:
    folder = write_kata(tmp_path, "why_heads", kind="concept")
    (folder / "quiz.toml").unlink()
    with pytest.raises(KataError, match=r"quiz\.toml: is missing"):
        read_quiz(read_kata(folder))


@pytest.mark.parametrize("name", [kata.id for kata in Bank.open().katas() if kata.kind == "concept"])
def test_every_quiz_of_the_bank_is_read(name: str) -> None:
    assert len(read_quiz(Bank.open().kata(name)).questions) >= 6
