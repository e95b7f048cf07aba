"""Refusals and faults as answers: every one has its sentences, in both languages, as a page and as JSON."""

from __future__ import annotations

import importlib
import pkgutil
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import app
from app.db import DatabaseTrouble
from app.guard import TooOften
from app.models import Submission
from app.problems import SENTENCES, Problem, problem_of
from app.refusals import Refused
from tests.app.banks import write_kata
from tests.app.webs import KATA, Client, Web, a_web

SUBMIT = f"/katas/{KATA}/submissions"


def refusals(of: type[Refused] = Refused) -> Iterator[type[Refused]]:
    """Every kind of refusal that any module knows."""
    for kind in of.__subclasses__():
        yield kind
        yield from refusals(kind)


def holes(text: str) -> set[str]:
    """The names that a sentence is filled in with."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_refusal_has_its_sentences() -> None:
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if "worker" not in module.name and "lanes" not in module.name and "migrations" not in module.name:
            importlib.import_module(module.name)
    kinds = {kind.key for kind in refusals() if kind.__module__.startswith("app.")}
    assert kinds - SENTENCES.keys() == set()


@pytest.mark.parametrize("key", sorted(SENTENCES))
def test_both_languages_say_the_same(key: str) -> None:
    what, then, what_zh, then_zh = SENTENCES[key]
    assert holes(what) == holes(what_zh)
    assert holes(then) == holes(then_zh)
    assert what.endswith(".")
    assert any("\u4e00" <= c <= "\u9fff" for c in what_zh)
    assert any("\u4e00" <= c <= "\u9fff" for c in then_zh)
    assert "!" not in what + then
    assert "！" not in what_zh + then_zh


def test_an_unknown_kata_is_answered_with_the_nearest(web: Web) -> None:
    page = web.browser().get("/katas/masked_sofmax")
    assert page.status_code == 404
    assert 'href="/katas/masked_softmax"' in page.text
    error = web.client.get("/api/katas/masked_sofmax").json()["error"]
    assert error["code"] == "kata_unknown"
    assert "masked_softmax" in error["details"]["nearest"]


@pytest.mark.parametrize(
    ("path", "link"),
    [
        ("/histroy", "/history"),
        ("/reviews", "/review"),
        ("/kata/masked_softmax", "/katas/masked_softmax"),
        ("/masked-sofmax", "/katas/masked_softmax"),
    ],
)
def test_a_mistyped_address_is_answered_with_what_may_be_meant(web: Web, path: str, link: str) -> None:
    page = web.browser().get(path)
    assert page.status_code == 404
    assert f'<li><a href="{link}">' in page.text


def test_an_address_like_none_of_ours_names_nothing(web: Web) -> None:
    assert "<li><a" not in web.browser().get("/qqqqqqqq").text.partition("<main")[2].partition("</main>")[0]
    assert web.client.get("/api/histroy").json()["error"]["details"] == {"pages": ["/history"]}
    assert web.browser().get("/katas?q=mask").headers["location"] == "/?q=mask"


def test_an_error_speaks_the_persons_language(web: Web) -> None:
    chinese = Client(web.app, **{"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"})
    assert "没有这个页面" in chinese.get("/nowhere").text
    assert "没有题目" in chinese.get("/api/katas/nowhere").json()["error"]["message"]
    assert "no such page" in Client(web.app, **{"Accept-Language": "de, en;q=0.5"}).get("/nowhere").text
    web.client.post("/preferences", data={"lang": "zh"})
    assert "没有这个页面" in web.client.get("/nowhere").text


def test_programs_that_ask_for_json_get_it_everywhere(web: Web) -> None:
    answer = Client(web.app, Accept="application/json").post(SUBMIT, data={"code": ""})
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "submission_empty"


@pytest.mark.parametrize(
    ("kind", "word"), [("locked", "busy"), ("readonly", "permission"), ("full", "room"), ("broken", "doctor")]
)
def test_a_database_in_trouble_is_a_503_that_keeps_the_code(
    web: Web, monkeypatch: pytest.MonkeyPatch, kind: str, word: str
) -> None:
    def trouble() -> None:
        raise DatabaseTrouble(kind, "secret details", "/secret/path")

    monkeypatch.setattr(web.db, "writing", trouble)
    monkeypatch.setattr(web.db, "reading", trouble)
    for lang, expected in (("en", word), ("zh", "数据库")):
        browser = web.browser(**{"Accept-Language": lang})
        answer = browser.post(SUBMIT, data={"code": "def f(): return 'mine'"})
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert expected in answer.text
        assert "def f(): return &#39;mine&#39;" in answer.text
        assert "secret" not in answer.text
        assert browser.get("/").status_code == 503
    assert web.client.get("/api/submissions").json()["error"]["code"] == f"database_{kind}"


def test_a_locked_database_is_said_and_then_works_again(tmp_path: Path) -> None:
    with a_web(tmp_path / "data", busy=0.2) as web:
        with web.db.writing():
            assert web.client.post(SUBMIT, data={"code": "x = 1"}).status_code == 503
            assert web.client.get(f"/katas/{KATA}").status_code == 200
        assert web.client.post(SUBMIT, data={"code": "x = 1"}).status_code == 303


def test_a_broken_kata_names_its_file(tmp_path: Path) -> None:
    bank = tmp_path / "bank"
    write_kata(bank, "good_one")
    write_kata(bank, "bad_one")
    (bank / "bad_one" / "kata.toml").write_text("format = ", encoding="utf-8")
    with a_web(tmp_path / "data", bank=bank) as web:
        answer = web.browser().get("/katas/bad_one")
        assert answer.status_code == 500
        assert "kata.toml" in answer.text


def break_it(bank: Path, name: str) -> None:
    """A file of the kata becomes one that cannot be read."""
    (bank / name / "kata.toml").write_text("format = ", encoding="utf-8")


def test_a_broken_kata_takes_neither_its_neighbours_nor_anybodys_code_with_it(tmp_path: Path) -> None:
    bank = tmp_path / "bank"
    for name, kind in (("one", "code"), ("quiz", "concept"), ("bad", "code")):
        toml = write_kata(bank, name, kind=kind) / "kata.toml"
        head = toml.read_text(encoding="utf-8")
        toml.write_text(head + 'follow_ups = ["bad"]\nprerequisites = ["bad"]\n', encoding="utf-8")
    with a_web(tmp_path / "data", bank=bank) as web:
        place = web.client.post("/katas/bad/submissions", data={"code": "mine = 1"}).headers["location"]
    break_it(bank, "bad")
    with a_web(tmp_path / "data", bank=bank) as web:
        browser = web.browser()
        for path in ("/", "/history", "/progress", "/review", "/katas/one", "/katas/quiz", "/katas/quiz/quiz", place):
            assert browser.get(path).status_code == 200, path
        answer = browser.post("/katas/bad/submissions", data={"code": "def f(): return 'mine'"})
        assert answer.status_code == 500
        assert "kata.toml" in answer.text
        assert "def f(): return &#39;mine&#39;" in answer.text


def test_a_broken_error_page_is_still_a_page(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web.site, "page", lambda *_, **__: 1 / 0)
    answer = web.browser().get("/nowhere")
    assert answer.status_code == 404
    assert "<h1>There is no such page.</h1>" in answer.text


def test_what_a_refusal_means(web: Web) -> None:
    assert problem_of(TooOften(seconds=7), web.site).headers == {"Retry-After": "7"}
    assert Problem(404, "not_found").sentences("xx") == SENTENCES["not_found"][:2]


def test_a_wrong_method_says_which_is_right(web: Web) -> None:
    answer = web.client.request("DELETE", "/api/submissions")
    assert answer.status_code == 405
    assert answer.headers["allow"]
    assert answer.json()["error"]["code"] == "method_not_allowed"


def test_the_code_of_a_refused_form_is_never_lost(web: Web) -> None:
    code = "\n\ndef f():\n    return '中文 </textarea>'\n"
    for words, status in (
        ({"kind": "nonsense"}, 422),
        ({"form_key": "abc.0000000000000000"}, 409),
        ({"kind": "try", "snippet": " "}, 422),
    ):
        answer = web.browser().post(SUBMIT, data={"code": code, **words})
        assert answer.status_code == status
        assert "return &#39;中文 &lt;/textarea&gt;&#39;" in answer.text
        assert ">\n\n\ndef f()" in answer.text  # HTML eats the first line break of a text area
    answer = web.browser().post("/katas/gone/submissions", data={"code": code})
    assert answer.status_code == 404
    assert "中文" in answer.text
    with web.db.reading() as session:
        assert session.query(Submission).count() == 0
