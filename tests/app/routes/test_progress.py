"""The progress page; export, import and deletion from it."""

from __future__ import annotations

import json
import re
import time

from sqlalchemy import func, select

from app.models import Submission
from tests.app.history import DAY, answered, graded
from tests.app.webs import Web


def fill(web: Web) -> None:
    graded(web.db, time.time() - DAY)
    graded(web.db, time.time(), kata="layer_norm", passed=False, score=42.9)
    answered(web.db, web.site.bank.kata("mha_what"), time.time() - DAY)


def test_an_empty_page_says_what_would_fill_it(web: Web) -> None:
    page = web.browser().get("/progress").text
    assert "It fills with your first submission or quiz." in page
    assert page.count('<td class="b0') == 7 * 18


def test_the_page_shows_figures_shares_days_and_scores(web: Web) -> None:
    fill(web)
    page = web.browser().get("/progress").text
    figures = re.findall(r'<dd class="big">(\d+)</dd>', page)
    assert figures == ["2", "1", "2", "2"]
    assert re.search(r"Layer normalisation.*?Attempted.*?>42<", page, re.DOTALL)
    assert "style=" not in page
    assert len(re.findall(r"<li>\d+ \w{3,4} \d{4}: \d+</li>", page)) == 2  # the days as a list


def test_days_are_those_of_the_browsers_zone(web: Web) -> None:
    browser = web.browser(Cookie="tz=Pacific%2FKiritimati")
    assert "midnight in Pacific/Kiritimati" in browser.get("/progress").text
    web.browser().post("/preferences", data={"tz": "Asia/Shanghai"})
    assert "midnight in Asia/Shanghai" in browser.get("/progress").text


def test_out_away_and_in_again(web: Web) -> None:
    fill(web)
    browser = web.browser()
    before = browser.get("/progress").text
    exported = browser.get("/progress/export")
    assert exported.headers["content-disposition"].startswith('attachment; filename="torchkata-')
    assert json.loads(exported.content)["format"] == "torchkata-progress"

    asked = browser.post("/progress/delete")
    assert asked.status_code == 200
    assert "2 submissions with their code and reports" in asked.text
    assert "/progress/export" in asked.text
    assert browser.get("/progress").text == before  # asking deletes nothing

    gone = browser.post("/progress/delete", data={"sure": "yes"})
    assert (gone.status_code, gone.headers["clear-site-data"]) == (303, '"storage"')
    page = browser.get(gone.headers["location"]).text
    assert "Everything was deleted." in page
    with web.db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Submission)) == 0

    for said in ("2 submissions", "Everything in the file was here already."):
        answer = browser.post("/progress/import", files={"file": ("x.json", exported.content)})
        assert answer.status_code == 200
        assert said in answer.text
    assert browser.get("/progress").text == before


def test_a_file_that_cannot_be_imported_says_why_and_changes_nothing(web: Web) -> None:
    fill(web)
    browser = web.browser()
    before = browser.get("/progress").text
    for content, status, said in (
        (b"hello", 422, "no file that torchkata exported"),
        (b"", 422, "no file that torchkata exported"),
        (b'{"format": "torchkata-progress", "schema_version": 9}', 422, "by a newer torchkata (version 9"),
        (b'{"format": "torchkata-progress", "schema_version": 1}', 422, "damaged at exported"),
        (b" " * (33 << 20), 413, "more than"),
    ):
        answer = browser.post("/progress/import", files={"file": ("x.json", content)})
        assert answer.status_code == status
        assert said in answer.text
    assert browser.post("/progress/import", data={}).status_code == 422
    assert browser.get("/progress").text == before


def test_a_foreign_page_can_neither_delete_nor_import(web: Web) -> None:
    fill(web)
    foreign = web.browser(Origin="https://evil.example", **{"Sec-Fetch-Site": "cross-site"})
    assert foreign.post("/progress/delete", data={"sure": "yes"}).status_code == 403
    assert foreign.post("/progress/import", files={"file": ("x.json", b"{}")}).status_code == 403
    with web.db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Submission)) == 2
