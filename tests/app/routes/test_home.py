"""The list of katas as a page."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from app.events import Did
from tests.app.banks import write_kata
from tests.app.history import did, graded
from tests.app.webs import Client, Web, a_web


def listed(page: str) -> list[str]:
    """The katas that a page lists."""
    return re.findall(r'<a href="/katas/(\w+)">', page.partition('id="katas"')[2])


def home(web: Web, query: str = "") -> str:
    """The page."""
    answer = web.client.get(f"/{query}")
    assert answer.status_code == 200
    return answer.text


def test_somebody_new_sees_every_kata_and_where_to_begin(web: Web) -> None:
    page = home(web)
    assert sorted(listed(page)) == web.site.bank.ids()
    assert re.search(r"Begin with\s+<a class=\"button primary\" href=\"/katas/\w+\">", page)
    assert f"0 of {len(web.site.bank.ids())} katas solved" in page
    assert "Not begun" in page


def test_what_is_half_done_comes_next_and_marks_stand_beside_the_katas(web: Web) -> None:
    graded(web.db, 1.0, kata="layer_norm")
    did(web.db, Did.ANSWER, 2.0, kata="cross_entropy")
    graded(web.db, 3.0, kata="multi_head_attention", passed=False, score=41.26)
    page = home(web)
    assert re.search(r"Go on with\s+<a class=\"button primary\" href=\"/katas/multi_head_attention\">", page)
    rows = {name: row for row in page.split("<li>") for name in re.findall(r'href="/katas/(\w+)">', row)}
    assert '<span class="mark pass">Solved</span>' in rows["layer_norm"]
    assert '<span class="mark half">Attempted</span>' in rows["multi_head_attention"]
    assert ">41.2<" in rows["multi_head_attention"]
    assert "Answer opened" in rows["cross_entropy"]


@pytest.mark.parametrize(
    ("query", "some", "others"),
    [
        ("?q=multi-head", {"multi_head_attention", "mha_what"}, {"layer_norm"}),
        ("?track=inference", {"greedy_decode", "kv_cache_attention"}, {"layer_norm"}),
        ("?level=1&kind=concept", {"mha_what"}, {"layer_norm", "attention_complexity"}),
        ("?status=solved", {"layer_norm"}, {"cross_entropy"}),
        ("?status=new&q=entropy", {"cross_entropy"}, {"layer_norm"}),
    ],
)
def test_filters_are_kept_in_the_form_and_narrow_the_list(
    web: Web, query: str, some: set[str], others: set[str]
) -> None:
    graded(web.db, 1.0, kata="layer_norm")
    page = home(web, query)
    assert some <= set(listed(page))
    assert not others & set(listed(page))
    assert "Show all" in page
    assert "selected" in page or 'value="multi-head"' in page


@pytest.mark.parametrize("query", ["?q=zzzzzz", "?level=9", "?level=x&track=../..&kind=1&status=2"])
def test_filters_that_fit_nothing_say_so_and_lead_back(web: Web, query: str) -> None:
    page = home(web, query)
    assert listed(page) == []
    assert "No kata fits these filters." in page
    assert '<a href="/">Show all</a>' in page


def test_what_was_searched_for_is_escaped_and_cut(web: Web) -> None:
    page = home(web, "?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E" + "x" * 1000)
    assert "<script>alert(1)" not in page
    shown = re.search(r'id="search" type="search" name="q" value="([^"]*)"', page)
    assert shown is not None
    assert len(unescape(shown[1])) == 200


def test_all_solved_leads_to_the_review(tmp_path: Path) -> None:
    write_kata(tmp_path / "bank", "only_one")
    with a_web(tmp_path / "data", bank=tmp_path / "bank") as web:
        graded(web.db, 1.0, kata="only_one")
        page = home(web)
    assert "All 1 katas are solved." in page
    assert '<a href="/review">' in page


def test_an_empty_bank_says_how_to_fill_it(tmp_path: Path) -> None:
    (tmp_path / "bank").mkdir()
    with a_web(tmp_path / "data", bank=tmp_path / "bank") as web:
        assert "torchkata new my_kata" in home(web)


def test_a_broken_kata_is_named_and_the_others_are_there(tmp_path: Path) -> None:
    write_kata(tmp_path / "bank", "sound")
    (write_kata(tmp_path / "bank", "unsound") / "kata.toml").write_text("level = <", encoding="utf-8")
    with a_web(tmp_path / "data", bank=tmp_path / "bank") as web:
        page = home(web)
    assert listed(page) == ["sound"]
    assert "<strong>unsound</strong> cannot be shown" in page


def test_the_language_is_the_one_chosen_then_the_cookie_then_the_browsers(web: Web) -> None:
    browser = Client(web.app, **{"Accept-Language": "zh-CN,zh;q=0.9"})
    assert '<html lang="zh-CN"' in browser.get("/").text
    browser.cookies.set("lang", "en")
    assert '<html lang="en"' in browser.get("/").text
    web.browser().post("/preferences", data={"lang": "zh"})
    assert '<html lang="zh-CN"' in browser.get("/").text


def test_without_a_worker_the_page_says_so(web: Web) -> None:
    assert "data-no-worker" in home(web)
