"""A kata's page: its parts, its hints one at a time, and its answer behind a step."""

from __future__ import annotations

import hashlib
import json
import re
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

from app.events import Did
from app.models import Event, Kind
from app.routes.katas import TABS
from katas.bank import Bank
from tests.app.banks import write_kata
from tests.app.history import did, graded
from tests.app.webs import KATA, Web, a_web

BEHIND = [tab.name for tab in TABS if tab.behind]
OPEN = [tab.name for tab in TABS if not tab.behind]


def part(web: Web, tab: str = "question", kata: str = KATA) -> str:
    """The text on the left, with one part open."""
    answer = web.client.get(f"/katas/{kata}?tab={tab}")
    assert answer.status_code == 200
    return answer.text.partition('id="part"')[2].partition("</section>")[0]


def events(web: Web) -> list[tuple[str, object]]:
    """Kind and payload of what happened."""
    with web.db.reading() as session:
        return [(row.kind, row.payload) for row in session.scalars(select(Event).order_by(Event.id))]


@pytest.mark.parametrize("name", Bank.open().ids())
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_kata_has_its_page_in_both_languages(web: Web, name: str, lang: str) -> None:
    browser = web.browser(**{"Accept-Language": lang})
    for tab in OPEN:
        answer = browser.get(f"/katas/{name}?tab={tab}")
        assert answer.status_code == 200
        assert f"<h1>{web.site.bank.kata(name).title[lang]}</h1>" in answer.text
    page = answer.text
    levels = [int(level) for level in re.findall(r"<h([1-6])", page)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels)), "a heading is skipped"
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids)), "an id is there twice"
    assert "style=" not in re.sub(r"<pre.*?</pre>|<textarea.*?</textarea>", "", page, flags=re.DOTALL)


def test_the_page_is_whole_without_scripts(web: Web) -> None:
    page = web.client.get(f"/katas/{KATA}").text
    for kind in ("run", "grade", "try"):
        assert f'<button name="kind" value="{kind}"' in page
    assert f'<form action="/katas/{KATA}/submissions" method="post" data-submit' in page
    code = unescape(page.partition('name="code"')[2].partition(">")[2].partition("</textarea>")[0])
    assert code.strip() == web.site.bank.kata(KATA).starter.strip()
    assert all(f'href="/katas/{KATA}?tab={tab.name}"' in page for tab in TABS)


def test_scripts_get_their_words_as_data_and_nothing_else(web: Web) -> None:
    page = web.client.get(f"/katas/{KATA}").text
    config = json.loads(page.partition('id="page-config">')[2].partition("</script>")[0])
    assert config["kata"] == KATA
    assert config["starter"] == web.site.bank.kata(KATA).starter
    assert config["draft"]["version"] == 0
    assert "masked_softmax" in config["names"]
    for script in re.findall(r"<script[^>]*>", page):
        assert 'type="application/json"' in script or "src=" in script


def test_a_code_kata_draws_its_shapes(web: Web) -> None:
    page = web.client.get("/katas/multi_head_attention").text
    line = re.sub(r"<[^>]+>", " ", page.partition('class="shapes"')[2].partition("</p>")[0])
    assert " ".join(line.partition(">")[2].split()).startswith("query B L D key B S D")
    assert line.split()[-4:] == ["result", "B", "L", "D"]


def test_an_unknown_part_is_the_question(web: Web) -> None:
    assert part(web, "nothing") == part(web, "question")


@pytest.mark.parametrize("tab", BEHIND)
def test_the_answer_and_what_gives_it_away_are_behind_a_step_that_says_what_happens(web: Web, tab: str) -> None:
    text = part(web, tab)
    assert f'<form action="/katas/{KATA}/answer" method="post"' in text
    assert "This part gives the answer away." in text
    for section in ("Answer", "Analysis", "Pitfalls", "Follow-ups"):
        first = web.site.bank.kata(KATA).page("en")[section].split("\n")[0]
        assert first[:40] not in unescape(re.sub(r"<[^>]+>", "", text))
    assert "def masked_softmax" not in text


def test_giving_up_is_written_down_once_and_opens_them(web: Web) -> None:
    answer = web.browser().post(f"/katas/{KATA}/answer")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/katas/{KATA}?tab=answer")
    web.browser().post(f"/katas/{KATA}/answer")
    assert [kind for kind, _ in events(web)] == ["answer"]
    for tab in BEHIND:
        assert "This part gives the answer away." not in part(web, tab)
    assert "Answer opened" in web.client.get(f"/katas/{KATA}").text


def test_the_answer_shows_the_source_that_submissions_are_judged_against(web: Web) -> None:
    web.browser().post(f"/katas/{KATA}/answer")
    shown = unescape(re.sub(r"<[^>]+>", "", part(web, "answer")))
    source = (Path(__file__).parents[3] / "reference" / "foundations.py").read_text(encoding="utf-8")
    function = source[source.index("def masked_softmax") :].split("\n\n\n")[0]
    assert function in shown


def test_solving_opens_them_and_undoes_having_given_up(web: Web) -> None:
    did(web.db, Did.ANSWER, 1.0, kata=KATA)
    graded(web.db, 2.0, kata=KATA)
    page = web.client.get(f"/katas/{KATA}?tab=answer").text
    assert '<span class="mark pass">Solved</span>' in page
    assert "Answer opened" not in page
    web.browser().post(f"/katas/{KATA}/answer")
    assert [kind for kind, _ in events(web)] == ["answer"]


def test_a_failed_grade_opens_nothing(web: Web) -> None:
    graded(web.db, 2.0, kata=KATA, passed=False)
    assert "This part gives the answer away." in part(web, "answer")


def test_hints_come_one_at_a_time_and_stay(web: Web) -> None:
    hints = web.site.bank.kata(KATA).hints("en")
    assert "Open hint 1 of 3" in part(web, "hints")
    for n in (1, 2, 3):
        answer = web.browser().post(f"/katas/{KATA}/hints")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/katas/{KATA}?tab=hints#hint-{n}")
        text = part(web, "hints")
        assert [f'id="hint-{k}"' in text for k in (1, 2, 3)] == [k <= n for k in (1, 2, 3)]
        assert f"Hints {n}/3" in web.client.get(f"/katas/{KATA}").text
    assert "Open hint" not in part(web, "hints")
    web.browser().post(f"/katas/{KATA}/hints")
    assert events(web) == [("hint", {"n": n}) for n in (1, 2, 3)]
    assert len(hints) == 3


def test_a_double_click_opens_one_hint(web: Web) -> None:
    button = re.search(r'action="(/katas/\w+/hints[^"]*)"', part(web, "hints"))
    assert button is not None
    for _ in range(2):
        answer = web.browser().post(button[1])
        assert answer.headers["location"] == f"/katas/{KATA}?tab=hints#hint-1"
    assert events(web) == [("hint", {"n": 1})]


def test_hints_of_one_kata_open_none_of_another(web: Web) -> None:
    web.browser().post(f"/katas/{KATA}/hints")
    assert "Open hint 1 of 3" in part(web, "hints", "layer_norm")


def test_the_draft_is_what_the_editor_begins_with(web: Web) -> None:
    text = "\n# mine: </textarea><script>alert(1)</script>\n"
    step = {"kind": "edit", "text": text, "typed_at": 1.0, "digest": hashlib.sha256(text.encode()).hexdigest()}
    answer = web.client.post(
        f"/api/drafts/{KATA}",
        json={"base": 0, "device": "tab", "steps": [step]},
    )
    assert answer.status_code == 200
    page = web.client.get(f"/katas/{KATA}").text
    area = page.partition('name="code"')[2].partition(">")[2].partition("</textarea>")[0]
    assert unescape(area) == f"\n{text}"  # a browser drops the first newline of a text area
    assert "<script>alert(1)" not in page


def test_the_snippet_is_what_was_tried_last_with_this_kata(web: Web) -> None:
    def snippet() -> str:
        page = web.client.get(f"/katas/{KATA}").text
        return unescape(page.partition('name="snippet"')[2].partition(">")[2].partition("</textarea>")[0])

    assert snippet() == web.site.bank.kata(KATA).snippet
    for text in ("f(1)", "\nf(2) # </textarea>"):
        row = {"kata": KATA, "code": "x = 1", "kind": "try", "snippet": text}
        assert web.client.post("/api/submissions", json=row).status_code == 202
    other = {"kata": "cross_entropy", "code": "x = 1", "kind": "try", "snippet": "g(1)"}
    assert web.client.post("/api/submissions", json=other).status_code == 202
    assert snippet() == "\n\nf(2) # </textarea>"  # a browser drops the first newline of a text area


def test_the_newest_grade_that_passed_is_named_for_comparing(web: Web) -> None:
    def named() -> object:
        page = web.client.get(f"/katas/{KATA}").text
        return json.loads(page.partition('id="page-config">')[2].partition("</script>")[0])["last_passed"]

    assert named() is None
    graded(web.db, 1.0)
    newest = graded(web.db, 2.0)
    graded(web.db, 3.0, passed=False)
    graded(web.db, 4.0, kind=Kind.RUN)
    graded(web.db, 5.0, kata="cross_entropy")
    assert named() == newest.id


def test_katas_before_and_after_are_links_where_they_exist(tmp_path: Path) -> None:
    folder = write_kata(tmp_path / "bank", "middle", kind="concept")
    write_kata(tmp_path / "bank", "before", title="Before it")
    toml = (folder / "kata.toml").read_text(encoding="utf-8")
    more = 'prerequisites = ["before", "not_there"]\nfollow_ups = ["nor_this"]\n'
    (folder / "kata.toml").write_text(more + toml, encoding="utf-8")
    with a_web(tmp_path / "data", bank=tmp_path / "bank") as web:
        page = web.client.get("/katas/middle").text
    assert '<a href="/katas/before">Before it</a>' in page
    assert "not_there" not in page
    assert "Leads to" not in page


def test_the_questions_of_the_documents_are_listed(web: Web) -> None:
    kata = web.site.bank.kata("multi_head_attention")
    page = web.client.get("/katas/multi_head_attention").text
    assert f"Answers {len(kata.answers)} questions of the interview documents" in page
    assert all(f">{name}</span>" in page for name in kata.answers)


def test_a_concept_kata_asks_its_quiz_beside_the_text(web: Web) -> None:
    page = web.client.get("/katas/mha_what").text
    assert '<form action="/katas/mha_what/quiz" method="post"' in page
    assert "data-submit" not in page
    assert "page-config" not in page


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/hints"), ("POST", "/answer")])
def test_an_unknown_kata_is_answered_with_the_nearest(web: Web, method: str, path: str) -> None:
    answer = web.browser().request(method, f"/katas/layer_nrom{path}")
    assert answer.status_code == 404
    assert '<a href="/katas/layer_norm">' in answer.text


def test_a_kata_without_a_reference_still_has_its_question(tmp_path: Path) -> None:
    write_kata(tmp_path / "bank", "one")
    with a_web(tmp_path / "data", bank=tmp_path / "bank") as web:
        did(web.db, Did.ANSWER, 1.0, kata="one")
        for tab in ("question", "task", "hints", "analysis"):
            assert web.client.get(f"/katas/one?tab={tab}").status_code == 200
        answer = web.client.get("/katas/one?tab=answer")
        assert answer.status_code == 500
        assert "cannot be shown" in answer.text
