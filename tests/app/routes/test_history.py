"""What was submitted, as a page, and the page of one submission in each of its states."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import update

from app.models import Kind, State, Submission
from app.routes.history import PAGE
from graders.verdict import TrialStatus, Verdict
from tests.app.history import SHANGHAI, at, graded
from tests.app.webs import KATA, Client, Web


def listed(page: str) -> list[str]:
    """The submissions on a page."""
    return re.findall(r'href="/submissions/(\w+)"', page)


def test_an_empty_history_says_what_fills_it(web: Web) -> None:
    page = web.client.get("/history").text
    assert "What you submit is listed here." in page
    assert '<a href="/">Choose a kata</a>' in page


def test_the_newest_comes_first_with_verdict_and_score(web: Web) -> None:
    old = graded(web.db, 1.0, kata="layer_norm", passed=False, score=41.26)
    new = graded(web.db, 2.0, kata=KATA)
    page = web.client.get("/history").text
    assert listed(page) == [new.id, old.id]
    assert ">41.2<" in page
    assert "Layer normalisation" in page
    assert '<span class="mark fail">Not passed</span>' in page


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_verdict_is_said_in_words(web: Web, lang: str) -> None:
    for verdict in [*Verdict, *TrialStatus]:
        row = graded(web.db, 1.0)
        with web.db.writing() as session:
            session.execute(update(Submission).where(Submission.id == row.id).values(verdict=str(verdict)))
    page = web.browser(**{"Accept-Language": lang}).get("/history").text
    marks = re.findall(r'<span class="mark \w+">([^<]*)</span>', page)
    assert len(marks) == len([*Verdict, *TrialStatus])
    assert not {str(verdict) for verdict in [*Verdict, *TrialStatus]} & set(marks)


def test_filters_narrow_it(web: Web) -> None:
    run = graded(web.db, 1.0, kind=Kind.RUN)
    failed = graded(web.db, 2.0, passed=False)
    other = graded(web.db, 3.0, kata="layer_norm")
    assert listed(web.client.get("/history?kind=run").text) == [run.id]
    assert listed(web.client.get("/history?verdict=failed").text) == [failed.id]
    assert listed(web.client.get("/history?kata=layer_norm").text) == [other.id]
    nothing = web.client.get("/history?kata=layer_norm&verdict=failed").text
    assert listed(nothing) == []
    assert '<a href="/history">Show all</a>' in nothing


@pytest.mark.parametrize("query", ["kind=x&verdict=y", "kata=../../etc", "before=1e308"])
def test_filters_that_nobody_can_have_chosen_do_no_harm(web: Web, query: str) -> None:
    graded(web.db, 1.0)
    assert web.client.get(f"/history?{query}").status_code == 200


def test_a_long_history_has_pages_that_keep_the_filters(web: Web) -> None:
    rows = [graded(web.db, float(n), passed=n % 2 == 0) for n in range(2 * PAGE + 20)]
    wanted = [row.id for row in reversed(rows) if row.verdict == "failed"]
    first = web.client.get("/history?verdict=failed").text
    older = re.search(r'href="(/history\?[^"]+)">Older', first)
    assert older is not None
    second = web.client.get(older[1].replace("&amp;", "&")).text
    assert listed(first) + listed(second) == wanted
    assert "Older" not in second


def test_submissions_of_one_moment_are_on_one_page_or_the_other(web: Web) -> None:
    """As an import may bring them."""
    moments = [5.0] * 3 + [3.0] * (PAGE + 20) + [1.0] * 2
    rows = [graded(web.db, moment) for moment in moments]
    wanted = [row.id for row in sorted(rows, key=lambda row: (-row.created, row.id))]
    first = web.client.get("/history").text
    older = re.search(r'href="(/history\?[^"]+)">Older', first)
    assert older is not None
    assert listed(first) + listed(web.client.get(older[1].replace("&amp;", "&")).text) == wanted
    assert len(listed(web.client.get("/history?before=3.0").text)) == 2  # as links were before


def test_times_are_in_the_persons_own_zone(web: Web) -> None:
    graded(web.db, at("2026-03-01 23:30"))
    browser = Client(web.app)
    browser.cookies.set("tz", "Asia/Shanghai")
    page = browser.get("/history").text
    assert "2 Mar 2026, 07:30" in page
    assert 'datetime="2026-03-01T23:30:00+00:00"' in page
    web.browser().post("/preferences", data={"lang": "zh", "tz": "America/New_York"})
    assert "2026年3月1日 18:30" in browser.get("/history").text
    assert SHANGHAI.key == "Asia/Shanghai"


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (State.QUEUED, "It is kept, and judged as soon as a worker runs."),
        (State.RUNNING, "Being judged"),
        (State.CANCELLED, "You cancelled it before it was judged."),
        (State.FAULT, "your code is not the reason"),
    ],
)
def test_a_submission_without_a_verdict_says_what_is_waited_for(web: Web, state: State, said: str) -> None:
    row = graded(web.db, 1.0, state=state)
    with web.db.writing() as session:
        session.execute(update(Submission).values(verdict=None, score=None, fault="<lane gone>"))
    for address in (f"/submissions/{row.id}", f"/submissions/{row.id}/result"):
        page = web.client.get(address).text
        assert said in page
        assert (f'action="/submissions/{row.id}/cancel"' in page) == (state in (State.QUEUED, State.RUNNING))
        assert "<lane gone>" not in page
        assert ("&lt;lane gone&gt;" in page) == (state is State.FAULT)


def test_a_report_that_cannot_be_read_says_what_to_do(web: Web) -> None:
    row = graded(web.db, 1.0, report="{}")
    page = web.client.get(f"/submissions/{row.id}")
    assert page.status_code == 200
    assert "Your code is kept; submit it again." in page.text


def test_a_submission_of_a_kata_that_is_gone_still_has_its_page(web: Web) -> None:
    row = graded(web.db, 1.0, kata="long_gone")
    page = web.client.get(f"/submissions/{row.id}")
    assert page.status_code == 200
    assert "<h1>long_gone</h1>" in page.text
    assert 'href="/katas/long_gone"' not in page.text
    assert listed(web.client.get("/history").text) == [row.id]
