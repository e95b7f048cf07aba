"""The quiz in the browser: a sheet, what became of it, and every way in which it can go wrong."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import httpx
import pytest

from app.events import Did, happened
from app.people import LOCAL_PERSON as ME
from katas.quiz import read_quiz
from tests.app.banks import QUIZ, write_kata
from tests.app.webs import Client, Web, a_web

KATA = "mha_what"


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return found[1]


def sheet(browser: Client, kata: str = KATA) -> dict[str, str]:
    """The form of a new sheet, with nothing ticked."""
    page = browser.get(f"/katas/{kata}/quiz").text
    return {"form_key": hidden(page, "form_key"), "quiz": hidden(page, "quiz")}


def right_answers(web: Web, kata: str = KATA) -> dict[str, str]:
    """What a browser sends when everything right is ticked."""
    fields = {}
    for question in read_quiz(web.site.bank.kata(kata)).questions:
        if question.number is not None:
            fields[f"q.{question.id}"] = str(question.number.value)
        elif question.kind == "single":
            fields[f"q.{question.id}"] = str(min(question.right))
        else:
            fields |= {f"q.{question.id}.{place}": "1" for place in question.right}
    return fields


def hand_in(browser: Client, fields: dict[str, str], kata: str = KATA) -> httpx.Response:
    return browser.post(f"/katas/{kata}/quiz", data=fields)


def test_every_question_can_be_answered_and_nothing_tells_what_is_right(web: Web) -> None:
    page = web.browser().get(f"/katas/{KATA}/quiz").text
    quiz = read_quiz(web.site.bank.kata(KATA))
    assert page.count("<fieldset") == len(quiz.questions)
    assert page.count('type="radio"') == sum(len(q.choices) for q in quiz.questions if q.kind == "single")
    assert page.count('type="checkbox"') == sum(len(q.choices) for q in quiz.questions if q.kind == "multiple")
    assert "would split the sequence" not in page
    assert "1,050,624" not in page


def test_a_choice_that_is_a_formula_has_a_name_for_those_who_listen(web: Web) -> None:
    page = web.browser().get("/katas/attention_complexity/quiz").text
    assert 'aria-label="O(L^2 D^2)"' in page
    assert page.count('aria-label="O(') == 4


def test_a_sheet_that_is_all_right_passes_and_solves_the_kata(web: Web) -> None:
    browser = web.browser()
    answer = hand_in(browser, sheet(browser) | right_answers(web))
    assert answer.status_code == 303
    page = browser.get(answer.headers["location"]).text
    assert "8 of 8 right." in page
    assert "Passed." in page
    assert "comes up for review on" in page
    assert "Solved" in browser.get(f"/katas/{KATA}").text
    assert "gives the answer away" not in browser.get(f"/katas/{KATA}?tab=answer").text


def test_each_wrong_answer_says_what_is_wrong_with_it(web: Web) -> None:
    browser = web.browser(**{"Accept-Language": "zh"})
    given = right_answers(web) | {"q.scale": "sqrt(512)", "q.what_is_split": "1", "q.parameters": "lots"}
    page = browser.get(hand_in(browser, sheet(browser) | given).headers["location"]).text
    assert "8 题答对 5 题。" in page
    assert "这是在切序列" in page
    assert "这是全宽的平方根" in page
    assert "这既不是数字，也不是算式" in page
    assert page.index("这是在切序列") < page.index("<details")  # what was wrong stands first


def test_a_double_click_is_one_sheet(web: Web) -> None:
    browser = web.browser()
    form = sheet(browser) | right_answers(web)
    first, second = hand_in(browser, form), hand_in(browser, form)
    assert first.headers["location"] == second.headers["location"]
    with web.db.reading() as session:
        assert len(happened(session, ME, (Did.QUIZ,))) == 1


def test_an_empty_sheet_is_shown_again_with_a_word(web: Web) -> None:
    browser = web.browser()
    answer = hand_in(browser, sheet(browser))
    assert answer.status_code == 422
    assert "Nothing was answered." in answer.text
    assert "<fieldset" in answer.text


def test_a_sheet_of_questions_that_were_changed_is_not_judged(web: Web) -> None:
    browser = web.browser()
    answer = hand_in(browser, sheet(browser) | right_answers(web) | {"quiz": "0" * 64})
    assert answer.status_code == 409
    assert "were changed while you were answering" in answer.text
    with web.db.reading() as session:
        assert happened(session, ME) == []


def test_what_a_learner_types_is_escaped(web: Web) -> None:
    browser = web.browser()
    answer = hand_in(browser, sheet(browser) | {"q.scale": "<script>alert(1)</script>"})
    page = browser.get(answer.headers["location"]).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("path", ["/katas/masked_softmax/quiz", "/katas/nothing/quiz", f"/katas/{KATA}/quiz?sheet=99"])
def test_what_there_is_not_is_not_found(web: Web, path: str) -> None:
    assert web.browser().get(path).status_code == 404


@pytest.mark.parametrize("number", ["0", "-1", str(2**63), "9" * 400, "x"])
def test_what_cannot_be_a_sheet_is_refused(web: Web, number: str) -> None:
    assert web.browser().get(f"/katas/{KATA}/quiz?sheet={number}").status_code == 422


def test_a_sheet_of_another_kata_is_not_shown(web: Web) -> None:
    browser = web.browser()
    number = hand_in(browser, sheet(browser) | right_answers(web)).headers["location"].rpartition("=")[2]
    assert browser.get(f"/katas/attention_complexity/quiz?sheet={number}").status_code == 404


def test_an_old_sheet_says_that_its_questions_are_gone(tmp_path: Path) -> None:
    folder = write_kata(tmp_path / "bank", "why_heads", kind="concept")
    with a_web(tmp_path / "data", bank=tmp_path / "bank") as web:
        browser = web.browser()
        place = hand_in(browser, sheet(browser, "why_heads") | {"q.one": "0"}, "why_heads").headers["location"]
        assert "1 of 3 right." in browser.get(place).text
    (folder / "quiz.toml").write_text(QUIZ.replace("Which one?", "Which, then?"), encoding="utf-8")
    with a_web(tmp_path / "data", bank=tmp_path / "bank") as web:
        page = web.browser().get(place).text
    assert "have been changed since this sheet was handed in" in page
    assert "1 of 3 right" in page


def test_answers_that_could_not_be_kept_come_back_as_they_were(tmp_path: Path) -> None:
    with a_web(tmp_path / "data", busy=0.5) as web:
        could_not_be_kept(web)


def could_not_be_kept(web: Web) -> None:
    """Somebody else is writing, and does not stop; then he does."""
    browser = web.browser()
    form = sheet(browser) | right_answers(web) | {"q.scale": "sqrt(64)"}
    with sqlite3.connect(web.db.file) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = hand_in(browser, form)
        other.rollback()
    assert answer.status_code == 503
    assert "hand them in again" in answer.text
    assert 'value="sqrt(64)"' in answer.text
    assert answer.text.count(" checked") == 7  # five single choices, and two of the multiple one
    assert hidden(answer.text, "form_key") == form["form_key"]
    assert hand_in(browser, form).status_code == 303
