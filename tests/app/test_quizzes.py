"""A sheet is judged as people answer, and remembered once."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import quizzes
from app.events import Did, happened
from app.models import Card
from app.people import LOCAL_PERSON as ME
from app.quizzes import EmptySheet, Mark, Result, blank, judge, public, reread
from app.review import Wishes
from katas.bank import Kata, read_kata
from katas.quiz import Quiz, read_quiz
from tests.app.banks import QUIZ, write_kata
from tests.app.history import UTC, at
from tests.app.webs import Web

NOON = at("2026-03-01 12:00")


@pytest.fixture
def kata(tmp_path: Path) -> Kata:
    return read_kata(write_kata(tmp_path / "bank", "why_heads", kind="concept"))


def marks(kata: Kata, **sheet: list[str]) -> list[Mark]:
    return [one.mark for one in judge(read_quiz(kata), sheet).marked]


def hand_in(web: Web, kata: Kata, key: str, **sheet: list[str]) -> int:
    quiz: Quiz = read_quiz(kata)
    return quizzes.submit(web.db, ME, kata, quiz, sheet, Wishes(), UTC, NOON, key).id


def test_every_answer_is_right_wrong_open_or_unreadable(kata: Kata) -> None:
    assert marks(kata, one=["0"], two=["0", "1"], three=["64"]) == [Mark.RIGHT] * 3
    assert marks(kata, one=["1"], two=["0", "2"], three=["512"]) == [Mark.WRONG] * 3
    assert marks(kata) == [Mark.OPEN] * 3
    assert marks(kata, one=[""], two=[], three=[" "]) == [Mark.OPEN] * 3
    assert marks(kata, three=["many"])[2] is Mark.UNREADABLE
    assert marks(kata, unknown=["1"]) == [Mark.OPEN] * 3


@pytest.mark.parametrize("ticked", [["0"], ["1"], ["0", "1", "2"], ["2"]])
def test_of_several_right_choices_all_and_no_other_must_be_ticked(kata: Kata, ticked: list[str]) -> None:
    assert marks(kata, two=ticked)[1] is Mark.WRONG


@pytest.mark.parametrize("ticked", [["9"], ["-1"], ["x"], ["0x1"], ["²"], ["99999999999"]])
def test_a_place_that_there_is_not_is_no_answer(kata: Kata, ticked: list[str]) -> None:
    assert marks(kata, one=ticked)[0] is Mark.OPEN


@pytest.mark.parametrize("text", ["64", "64.3", "512/8", "2^6", "６４", "64 numbers", "64 个", " 6.4e1 "])
def test_a_number_may_be_a_sum_and_may_have_its_unit(kata: Kata, text: str) -> None:
    assert marks(kata, three=[text])[2] is Mark.RIGHT


def test_a_known_wrong_number_says_what_went_wrong(kata: Kata) -> None:
    marked = judge(read_quiz(kata), {"three": ["8 * 64"]}).marked[2]
    assert marked.slip is not None
    assert marked.slip.reason["zh"] == "没有除"
    assert judge(read_quiz(kata), {"three": ["77"]}).marked[2].slip is None


@pytest.mark.parametrize("text", ["6\ud8004", "\0", "\x1b[31m64", "\u202e46", "6\n4"])
def test_what_cannot_be_shown_is_not_kept(kata: Kata, text: str) -> None:
    assert judge(read_quiz(kata), {"three": [text]}).marked[2].text.isprintable()


def test_passed_is_every_answer_right(kata: Kata) -> None:
    result: Result = judge(read_quiz(kata), {"one": ["0"], "two": ["0", "1"], "three": ["64"]})
    assert (result.right, result.total, result.passed) == (3, 3, True)
    assert not judge(read_quiz(kata), {"one": ["0"], "two": ["0", "1"]}).passed


def test_a_sheet_is_remembered_once_and_makes_a_card(web: Web, kata: Kata) -> None:
    first = hand_in(web, kata, "key", one=["0"], two=["2"], three=["about 60"])
    assert hand_in(web, kata, "key", one=["0"], two=["2"], three=["about 60"]) == first
    with web.db.reading() as session:
        [event] = happened(session, ME, (Did.QUIZ,))
        assert session.get(Card, (ME.holder, kata.id)) is not None
    assert event.payload["answers"] == {"one": ["0"], "two": ["2"], "three": ["about 60"]}
    assert (event.payload["right"], event.payload["total"], event.payload["passed"]) == (1, 3, False)
    again = reread(read_quiz(kata), kata, event)
    assert again is not None
    assert [one.mark for one in again.marked] == [Mark.RIGHT, Mark.WRONG, Mark.UNREADABLE]


def test_a_sheet_corrected_after_back_is_another_one_with_its_choices_in_the_same_order(web: Web, kata: Kata) -> None:
    first = hand_in(web, kata, "key", one=["1"])
    second = hand_in(web, kata, "key", one=["0"])
    assert first != second
    assert hand_in(web, kata, "key", one=["0"]) == second
    assert hand_in(web, kata, "key", one=["1"]) == first
    with web.db.reading() as session:
        shown = [reread(read_quiz(kata), kata, event) for event in happened(session, ME, (Did.QUIZ,))]
    assert [one.marked[0].mark for one in shown if one] == [Mark.WRONG, Mark.RIGHT]
    asked = [[place for place, _ in choices] for _, choices in blank(kata, key="key").questions]
    for one in shown:
        assert one is not None
        assert [[it.place for it in marked.choices] for marked in one.marked] == asked


def test_an_empty_sheet_is_refused_and_leaves_nothing(web: Web, kata: Kata) -> None:
    with pytest.raises(EmptySheet):
        hand_in(web, kata, "key", one=[""], three=["  "])
    with web.db.reading() as session:
        assert happened(session, ME) == []


def test_a_sheet_of_other_questions_is_not_judged_again(web: Web, kata: Kata) -> None:
    hand_in(web, kata, "key", one=["0"])
    with web.db.reading() as session:
        [event] = happened(session, ME, (Did.QUIZ,))
    (kata.folder / "page.en.md").write_text("# changed", encoding="utf-8")
    assert reread(read_quiz(kata), kata, event) is not None
    (kata.folder / "quiz.toml").write_text(QUIZ.replace("Which one?", "Which of them?"), encoding="utf-8")
    assert reread(read_quiz(kata), kata, event) is None


def test_a_blank_sheet_shows_the_choices_in_the_order_in_which_they_come_back(kata: Kata) -> None:
    sheet = blank(kata)
    shown = [[place for place, _ in choices] for _, choices in sheet.questions]
    result = judge(read_quiz(kata), {"one": ["0"]}, sheet.form_key)
    assert [[it.place for it in one.choices] for one in result.marked] == shown
    assert blank(kata).form_key != sheet.form_key


def test_what_programs_see_of_a_quiz_does_not_say_what_is_right(kata: Kata) -> None:
    text = str(public(read_quiz(kata), "order", "en"))
    assert "one right" in text
    assert not any(told in text for told in ("because", "'right'", "64", "512", "It is one"))


def test_a_right_choice_may_have_a_reason_too(tmp_path: Path) -> None:
    folder = write_kata(tmp_path, "why_heads", kind="concept")
    text = QUIZ.replace("right = true # one", 'right = true\nreason.en = "surprising"\nreason.zh = "意外"')
    (folder / "quiz.toml").write_text(text, encoding="utf-8")
    assert read_quiz(read_kata(folder)).questions[0].choices[0].reason["en"] == "surprising"
