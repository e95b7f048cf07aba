"""Every page that a person can see, by name, with what it takes to see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from katas.answer import answer_source
from katas.bank import Bank
from tests.journeys.pasts import remember

CODE_KATA = "layer_norm"
CONCEPT_KATA = "mha_what"


@dataclass(frozen=True)
class Sight:
    """A page: its address, and what is done there first."""

    name: str
    path: str
    prepare: Callable[[Page], None] | None = None


def right() -> str:
    """A submission that passes."""
    return answer_source(Bank.open().kata(CODE_KATA))


def wrong() -> str:
    """A submission that shows a misunderstanding."""
    return Bank.open().kata(CODE_KATA).mistakes[0].source


def submit(page: Page, code: str, kind: str = "grade") -> str:
    """Submits over the API, as the page's own script would; the address of its page once it is judged."""
    answer = page.request.post("/api/submissions", data={"kata": CODE_KATA, "code": code, "kind": kind})
    assert answer.status == 202, answer.text()
    row = answer.json()
    page.goto(f"/submissions/{row['id']}")
    expect(page.locator("[data-state=done]").first).to_be_visible()
    return f"/submissions/{row['id']}"


def judged(page: Page) -> None:
    """A sheet with a wrong number, wrong ticks, and most of it open."""
    page.goto(f"/katas/{CONCEPT_KATA}/quiz")
    page.fill("[name='q.scale']", "sqrt(512)")
    page.fill("[name='q.parameters']", "a million or so")
    page.check("[name='q.what_is_split'][value='1']")
    page.check("[name='q.head_sees'][value='0']")
    page.check("[name='q.why_heads.0']")
    page.check("[name='q.why_heads.2']")
    with page.expect_navigation():
        page.click("form.quiz button")
    expect(page.get_by_role("status").first).to_be_visible()


def review_card(page: Page) -> None:
    """A card with its answer shown."""
    remember(page)
    page.goto("/review?kata=kv_cache_attention")
    page.click(".recall summary")


def look_back(page: Page) -> None:
    """Progress with something in it."""
    remember(page)
    page.goto("/progress")


def ask_deletion(page: Page) -> None:
    """What is asked before everything is deleted."""
    page.goto("/progress")
    with page.expect_navigation():
        page.click("button.danger")


def read_on(page: Page, kata: str, tab: str) -> None:
    """A part behind the answer, given up for."""
    page.goto(f"/katas/{kata}?tab={tab}")
    spoiler = page.locator("form.spoiler button")
    if spoiler.count():
        spoiler.click()
        expect(spoiler).to_have_count(0)
        page.goto(f"/katas/{kata}?tab={tab}")


SIGHTS = (
    Sight("home", "/"),
    Sight("home_filtered", "/?q=attention&level=3"),
    Sight("home_nothing_found", "/?q=zzzzzz"),
    Sight("kata", f"/katas/{CODE_KATA}"),
    Sight("kata_task", f"/katas/{CODE_KATA}?tab=task"),
    Sight("kata_hints", f"/katas/{CODE_KATA}?tab=hints"),
    Sight("kata_answer", f"/katas/{CODE_KATA}?tab=answer"),
    Sight("concept", f"/katas/{CONCEPT_KATA}"),
    Sight("history", "/history"),
    Sight("review", "/review"),
    Sight("progress", "/progress"),
    Sight("about", "/about"),
    Sight("keys", "/keys"),
    Sight("not_found", "/katas/layer_nrom"),
    Sight("passed", "", lambda page: _go(page, submit(page, right()))),
    Sight("failed", "", lambda page: _go(page, submit(page, wrong()))),
    Sight("run", "", lambda page: _go(page, submit(page, wrong(), "run"))),
    Sight("quiz", f"/katas/{CONCEPT_KATA}/quiz"),
    Sight("quiz_judged", "", lambda page: judged(page)),
    Sight("review_card", "", lambda page: review_card(page)),
    Sight("progress_filled", "", lambda page: look_back(page)),
    Sight("delete", "", lambda page: ask_deletion(page)),
    Sight("concept_curves", "", lambda page: read_on(page, "attention_complexity", "answer")),
    Sight("concept_heat_map", "", lambda page: read_on(page, "positional_encoding_what", "analysis")),
)


def _go(page: Page, path: str) -> None:
    page.goto(path)


def see(page: Page, sight: Sight) -> None:
    """Opens it."""
    if sight.prepare is not None:
        sight.prepare(page)
    else:
        page.goto(sight.path)
    page.wait_for_load_state("load")
