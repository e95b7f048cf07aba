"""Submitting from a page: with and without scripts, twice, too much, and what is no code."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import select

from app.hub import WorkerStatus
from app.models import State, Submission
from app.queue import claim
from tests.app.webs import ADDRESS, KATA, Client, Web

SUBMIT = f"/katas/{KATA}/submissions"


def rows(web: Web) -> list[Submission]:
    """All submissions, in the order in which they came."""
    with web.db.reading() as session:
        return list(session.scalars(select(Submission).order_by(Submission.created)))


def test_a_form_leads_to_the_page_of_its_submission(web: Web) -> None:
    browser = web.browser()
    answer = browser.post(SUBMIT, data={"code": "x = 1\r\ny = 2\r\n", "kind": "grade"})
    assert answer.status_code == 303
    (row,) = rows(web)
    assert answer.headers["location"] == f"/submissions/{row.id}"
    assert row.code == "x = 1\ny = 2\n"
    assert (row.kata, row.kind, row.state) == (KATA, "grade", State.QUEUED)
    page = browser.get(answer.headers["location"])
    assert page.status_code == 200
    assert f'data-submission="{row.id}"' in page.text
    assert "http-equiv" in page.text  # without scripts it looks again by itself


def test_the_form_of_the_kata_page_works_as_it_stands(web: Web) -> None:
    page = web.browser().get(f"/katas/{KATA}").text
    key = re.search(r'name="form_key" value="([^"]+)"', page)
    assert key is not None
    form = {"form_key": key[1], "code": "x = 1"}
    first = web.browser().post(SUBMIT, data=form)
    assert first.status_code == 303
    assert web.browser().post(SUBMIT, data=form).headers["location"] == first.headers["location"]
    assert len(rows(web)) == 1
    # Back, something changed, sent again: that is another one.
    assert web.browser().post(SUBMIT, data={**form, "code": "x = 2"}).status_code == 303
    assert len(rows(web)) == 2


def test_a_script_gets_the_addresses(web: Web) -> None:
    answer = Client(web.app, Accept="application/json").post(SUBMIT, data={"code": "x = 1", "kind": "run"})
    assert answer.status_code == 202
    (row,) = rows(web)
    assert answer.json() == {
        "id": row.id,
        "url": f"/submissions/{row.id}",
        "events": f"/submissions/{row.id}/events",
        "result": f"/submissions/{row.id}/result",
        "api": f"/api/submissions/{row.id}",
    }
    assert row.kind == "run"


def test_a_form_in_parts_may_bring_a_file(web: Web) -> None:
    code = "# 注释\nx = 1\n"
    web.client.post(SUBMIT, files={"code": ("solution.py", code.encode()), "kind": (None, "grade")})
    web.client.post(SUBMIT, files={"code": (None, code + "y = 1\n")})
    assert [row.code for row in rows(web)] == [code, code + "y = 1\n"]


def test_every_letter_arrives(web: Web) -> None:
    code = "s = '中文 😀 é + & = %41 ;'\n"
    web.client.post(SUBMIT, data={"code": code})
    assert [row.code for row in rows(web)] == [code]


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        ({"code": ""}, 422, "submission_empty"),
        ({}, 422, "submission_empty"),
        ({"code": " \n\t\n"}, 422, "submission_empty"),
        ({"code": b"x = 1\n\xff\xfe"}, 422, "not_text"),
        ({"code": "x = 1\0"}, 422, "not_text"),
        ({"code": "x" * (256 * 1024 + 1)}, 413, "too_large"),
        ({"code": "x", "kind": "everything"}, 422, "bad_kind"),
        ({"code": "x", "kind": "try"}, 422, "snippet_empty"),
        ({"code": "x", "form_key": "key.0123456789abcdef"}, 409, "kata_changed"),
    ],
)
def test_what_cannot_be_judged_is_refused(web: Web, data: dict[str, str | bytes], status: int, code: str) -> None:
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    answer = Client(web.app, **headers).post(SUBMIT, content=urlencode(data))
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
    assert rows(web) == []


def test_a_concept_kata_has_nothing_to_submit(web: Web) -> None:
    answer = web.browser().post("/katas/mha_what/submissions", data={"code": "x = 1"})
    assert answer.status_code == 422
    assert "quiz" in answer.text


def test_the_largest_source_is_taken(web: Web) -> None:
    assert web.client.post(SUBMIT, data={"code": "#" * (256 * 1024)}).status_code == 303


def test_who_has_one_running_waits_in_line(web: Web) -> None:
    web.client.post(SUBMIT, data={"code": "x = 1"})
    assert claim(web.db) is not None
    for number in range(2):
        answer = web.client.post(SUBMIT, data={"code": f"x = {number + 2}"})
    row = web.client.get(f"/api{answer.headers['location']}").json()
    assert (row["state"], row["place"]) == ("queued", 1)


async def _all_at_once(web: Web, count: int) -> list[httpx.Response]:
    transport = httpx.ASGITransport(web.app)
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as client:
        forms = ({"code": f"x = {n}", "form_key": f"key {n}"} for n in range(count))
        return await asyncio.gather(*(client.post(SUBMIT, data=form) for form in forms))


def test_two_hundred_at_once_are_all_kept(web: Web) -> None:
    answers = asyncio.run(_all_at_once(web, 200))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 200
    assert len(rows(web)) == 200


def test_cancelling_goes_back_to_the_page_and_twice_is_once(web: Web) -> None:
    place = web.client.post(SUBMIT, data={"code": "x = 1"}).headers["location"]
    for _ in range(2):
        answer = web.browser().post(f"{place}/cancel")
        assert (answer.status_code, answer.headers["location"]) == (303, place)
    assert [row.state for row in rows(web)] == [State.CANCELLED]
    script = Client(web.app, Accept="application/json")
    assert script.post(f"{place}/cancel").status_code == 409
    assert web.browser().get(place).status_code == 200


def test_a_submission_of_nobody_is_not_found(web: Web) -> None:
    for path in ("", "/result", "/events"):
        assert web.browser().get(f"/submissions/nobody{path}").status_code == 404
    assert web.browser().post("/submissions/nobody/cancel").status_code == 404


def test_reloading_a_refused_form_leads_to_the_kata(web: Web) -> None:
    answer = web.browser().get(SUBMIT)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/katas/{KATA}")


def test_without_a_worker_the_page_says_so(web: Web) -> None:
    place = web.client.post(SUBMIT, data={"code": "x = 1"}).headers["location"]
    assert "data-no-worker" in web.browser().get(place).text
    assert "data-no-worker" in web.browser().get(f"/katas/{KATA}").text
    web.hub.alive = True
    assert "data-no-worker" not in web.browser().get(place).text


@pytest.mark.parametrize(
    ("trouble", "word"), [("isolation", "isolation"), ("sandbox", "sandbox"), ("database", "cannot use the database")]
)
def test_a_worker_that_cannot_judge_is_said_on_every_page(web: Web, trouble: str, word: str) -> None:
    place = web.client.post(SUBMIT, data={"code": "x = 1"}).headers["location"]
    web.hub.alive, web.hub.status = True, WorkerStatus(trouble=trouble, why="details")
    for path in ("/", f"/katas/{KATA}", "/history", place):
        page = web.browser().get(path).text
        notice = page.partition("data-worker-trouble")[2].partition("</p>")[0]
        assert word in notice
        assert "torchkata doctor" in notice
        assert "data-no-worker" not in page
    assert "as soon as the worker can judge again" in web.browser().get(f"{place}/result").text
    assert "评测进程暂时无法评测" in web.browser(**{"Accept-Language": "zh"}).get("/").text
    web.hub.status = WorkerStatus(ready=True)
    assert "data-worker-trouble" not in web.browser().get("/").text
