"""The review page: what is due, an answer, an answer taken back, and two tabs."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from app.events import Did, happened
from app.people import LOCAL_PERSON as ME
from tests.app.banks import write_kata
from tests.app.history import DAY, answered, graded
from tests.app.webs import Client, Web, a_web

KATA = "masked_softmax"


@pytest.fixture
def due(web: Web) -> Web:
    """A code kata and a concept kata that are due."""
    graded(web.db, time.time() - 20 * DAY)
    answered(web.db, web.site.bank.kata("mha_what"), time.time() - 9 * DAY, wrong=8)
    return web


def form(browser: Client, kata: str = KATA) -> dict[str, str]:
    page = browser.get(f"/review?kata={kata}").text
    assert f'action="/review/{kata}"' in page
    return {name: re.search(rf'name="{name}" value="([^"]*)"', page)[1] for name in ("version", "form_key")}  # type: ignore[index]


def ratings(web: Web) -> list[str]:
    with web.db.reading() as session:
        return [event.payload.get("rating", "undone") for event in happened(session, ME, (Did.REVIEW,))]


def test_an_empty_review_says_what_would_fill_it(web: Web) -> None:
    page = web.browser().get("/review").text
    assert "Nothing to review yet." in page
    assert 'href="/"' in page


def test_a_card_shows_question_answer_and_how_long_each_rating_lasts(due: Web) -> None:
    page = due.browser().get("/review?kata=masked_softmax").text
    assert "Masked softmax" in page
    assert "<details>" in page
    assert page.index("Show the answer") < page.index('value="again"') < page.index('value="easy"')
    assert len(re.findall(r"in \d+ days?", page)) == 4
    assert "What multi-head attention is" in page  # what comes then
    assert page.count('class="bar"') == 1  # both are due today


def test_easy_days_are_kept_shown_and_taken_back(due: Web) -> None:
    """As a browser sends them: a box that is not ticked sends the hidden field alone."""
    browser = due.browser()
    ticked = "easy_sat=0&easy_sat=1&easy_sun=0&easy_sun=1&easy_mon=0&next=%2Freview"
    as_form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert browser.post("/preferences", content=ticked, headers=as_form).status_code == 303
    page = browser.get("/review").text
    assert re.findall(r'name="(easy_\w+)" value="1" checked', page) == ["easy_sat", "easy_sun"]
    assert browser.post("/preferences", content="easy_sat=0&easy_sun=0", headers=as_form).status_code == 303
    assert " checked" not in browser.get("/review").text


def test_an_answer_moves_on_to_the_next_card(due: Web) -> None:
    browser = due.browser()
    answer = browser.post(f"/review/{KATA}", data={**form(browser), "rating": "good"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/review")
    page = browser.get("/review").text
    assert 'action="/review/mha_what"' in page
    assert "Masked softmax: Good." in page
    assert "<strong>1</strong> answered today" in page


def test_a_double_click_counts_once(due: Web) -> None:
    browser = due.browser()
    fields = {**form(browser), "rating": "good"}
    for _ in range(2):
        assert browser.post(f"/review/{KATA}", data=fields).status_code == 303
    assert ratings(due) == ["good"]


def test_the_answer_of_a_second_tab_is_kept_and_said_to_be_one(due: Web) -> None:
    browser = due.browser()
    tabs = form(browser), form(browser)
    browser.post(f"/review/{KATA}", data={**tabs[0], "rating": "good"})
    browser.post(f"/review/{KATA}", data={**tabs[1], "rating": "again"})
    assert ratings(due) == ["good", "again"]
    assert "Both answers count; this one was: Forgotten." in browser.get("/review").text


def test_an_answer_can_be_taken_back(due: Web) -> None:
    browser = due.browser()
    browser.post(f"/review/{KATA}", data={**form(browser), "rating": "easy"})
    page = browser.get("/review").text
    key = re.search(r'name="undo" value="([^"]*)"', page)
    assert key is not None
    back = browser.post(f"/review/{KATA}", data={"undo": key[1]})
    assert back.headers["location"] == f"/review?kata={KATA}"
    page = browser.get(back.headers["location"]).text
    assert f'action="/review/{KATA}"' in page
    assert "Take it back" not in page
    assert ratings(due) == ["easy", "undone"]


def test_the_days_limit_ends_the_day_and_may_be_passed(due: Web) -> None:
    browser = due.browser()
    browser.post("/preferences", data={"reviews_a_day": "1", "retention": "0.85", "next": "/review"})
    browser.post(f"/review/{KATA}", data={**form(browser), "rating": "good"})
    page = browser.get("/review").text
    assert "no more than 1 a day" in page
    assert "1 more is due" in page
    assert 'action="/review/mha_what"' in browser.get("/review?more=1").text
    assert '<option value="0.85" selected>' in page


def test_all_done_says_when_the_next_one_comes(due: Web) -> None:
    browser = due.browser()
    for kata in (KATA, "mha_what"):
        browser.post(f"/review/{kata}", data={**form(browser, kata), "rating": "good"})
    page = browser.get("/review").text
    assert "Nothing is due today." in page
    assert re.search(r"The next kata comes up on \d+ \w{3,4} \d{4}\.", page)


@pytest.mark.parametrize(
    ("kata", "fields", "status"),
    [
        (KATA, {"rating": "perfect", "version": "1"}, 422),
        (KATA, {}, 422),
        ("nothing", {"rating": "good"}, 404),
        ("layer_norm", {"rating": "good"}, 404),
        (KATA, {"undo": "nothing"}, 404),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_page(due: Web, kata: str, fields: dict[str, str], status: int) -> None:
    due.browser().get("/review")
    answer = due.browser().post(f"/review/{kata}", data=fields)
    assert answer.status_code == status
    assert "<h1" in answer.text
    assert ratings(due) == []


def test_an_answer_without_a_version_is_kept_as_a_stale_one(due: Web) -> None:
    browser = due.browser()
    browser.get("/review")
    assert browser.post(f"/review/{KATA}", data={"rating": "hard", "version": "x"}).status_code == 303
    assert ratings(due) == ["hard"]


def test_the_first_page_counts_what_is_due_even_before_the_review_was_opened(due: Web) -> None:
    assert "2 due" in due.browser().get("/").text


def test_a_page_of_somebody_else_cannot_answer(due: Web) -> None:
    due.browser().get("/review")
    foreign = due.browser(Origin="https://evil.example", **{"Sec-Fetch-Site": "cross-site"})
    assert foreign.post(f"/review/{KATA}", data={"rating": "good", "version": "1"}).status_code == 403
    assert ratings(due) == []


def test_a_kata_that_is_broken_is_left_out_and_the_others_come(tmp_path: Path) -> None:
    bank = tmp_path / "bank"
    for name in ("why_heads", "why_scale"):
        write_kata(bank, name, kind="concept")
    with a_web(tmp_path / "data", bank=bank) as web:
        for name in ("why_heads", "why_scale"):
            answered(web.db, web.site.bank.kata(name), time.time() - 9 * DAY, wrong=3)
    (bank / "why_heads" / "kata.toml").write_text("format = ", encoding="utf-8")
    with a_web(tmp_path / "data", bank=bank) as web:
        page = web.browser().get("/review")
        assert page.status_code == 200
        assert 'action="/review/why_scale"' in page.text
        assert web.browser().get("/progress").status_code == 200
        assert [card["kata"] for card in web.client.get("/api/review").json()["due"]] == ["why_scale"]
        assert web.client.get("/api/progress").status_code == 200


def test_the_header_counts_what_the_review_page_shows(web: Web) -> None:
    browser = web.browser()
    now = time.time()
    graded(web.db, now - 20 * DAY, kata="a_kata_that_left")
    for kata in ("masked_softmax", "layer_norm", "cross_entropy", "greedy_decode"):
        graded(web.db, now - 20 * DAY, kata=kata)
    assert "4 due" in browser.get("/review").text.partition("<main")[0]
    assert "4 due" in browser.get("/history").text
    browser.post("/preferences", data={"reviews_a_day": "3"})
    assert "3 due" in browser.get("/history").text
    browser.post(f"/review/{KATA}", data={**form(browser), "rating": "good"})
    assert "2 due" in browser.get("/history").text
    browser.post("/preferences", data={"reviews_a_day": "1"})
    assert " due" not in browser.get("/history").text.partition("<main")[0]
