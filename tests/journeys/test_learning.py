"""Quiz, review and progress in a real browser: by keyboard alone, without scripts, in two tabs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from katas.bank import Bank
from katas.quiz import read_quiz
from tests.journeys.conftest import Server, eventually, somebody
from tests.journeys.pasts import past, remember

pytestmark = pytest.mark.xdist_group("browser")

QUIZ = read_quiz(Bank.open().kata("mha_what"))
REVEAL = ".recall summary"


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def person(request: pytest.FixtureRequest, browser: Browser, server: Server) -> Iterator[BrowserContext]:
    """Somebody without a past, with and without scripts."""
    server.forget()
    with somebody(browser, server, java_script_enabled=request.param) as context:
        yield context


def tab_to(page: Page, selector: str, most: int = 120) -> None:
    """Presses Tab until the element has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.locator(f"{selector}:focus").count():
            return
    raise AssertionError(f"Tab never comes to {selector}")


def test_a_quiz_can_be_answered_by_keyboard_alone(person: BrowserContext) -> None:
    page = person.new_page()
    page.goto("/katas/mha_what/quiz")
    for question in QUIZ.questions:
        name = f"q.{question.id}"
        if question.number is not None:
            tab_to(page, f'[name="{name}"]')
            page.keyboard.type("8" if question.id == "scale" else question.number.derivation)
        elif question.kind == "multiple":
            for place in sorted(question.right, key=lambda p: _order(page, f"{name}.{p}")):
                tab_to(page, f'[name="{name}.{place}"]')
                page.keyboard.press("Space")
        else:
            tab_to(page, f'[name="{name}"]')
            page.keyboard.press("Space")
            wanted = page.locator(f'[name="{name}"][value="{min(question.right)}"]')
            for _ in range(len(question.choices)):
                if wanted.is_checked():
                    break
                page.keyboard.press("ArrowDown")
            assert wanted.is_checked()
    tab_to(page, "form.quiz button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="8 of 8 right.")).to_be_visible()
    expect(page.get_by_text("Passed.")).to_be_visible()


def _order(page: Page, name: str) -> int:
    """Where a field stands in the page, whose choices are shuffled."""
    return page.content().index(f'name="{name}"')


def test_a_card_is_revealed_rated_and_taken_back_by_keyboard_alone(person: BrowserContext) -> None:
    page = person.new_page()
    remember(page)
    page.goto("/review?kata=kv_cache_attention")
    expect(page.get_by_role("heading", name="Attention with a key-value cache")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Good"))).to_be_hidden()
    tab_to(page, REVEAL)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=re.compile("Good"))).to_be_visible()
    tab_to(page, 'button[value="good"]')
    page.keyboard.press("Enter")
    expect(page.get_by_text("Attention with a key-value cache: Good.")).to_be_visible()
    expect(page.get_by_role("heading", name="What multi-head attention is")).to_be_visible()
    tab_to(page, ".undo button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Attention with a key-value cache")).to_be_visible()


def test_the_answers_of_two_tabs_are_both_kept(person: BrowserContext) -> None:
    first, second = person.new_page(), person.new_page()
    remember(first)
    for tab in (first, second):
        tab.goto("/review?kata=kv_cache_attention")
        tab.locator(REVEAL).click()
    first.locator('button[value="good"]').click()
    expect(first.get_by_text("Attention with a key-value cache: Good.")).to_be_visible()
    second.locator('button[value="again"]').click()
    expect(second.get_by_text("Both answers count; this one was: Forgotten.")).to_be_visible()
    assert second.request.get("/api/review").json()["done_today"] == 2


def test_a_history_goes_out_away_and_in_again(person: BrowserContext, tmp_path: Path) -> None:
    page = person.new_page()
    page.goto("/progress")
    page.locator("input[type=file]").set_input_files(
        {"name": "past.json", "mimeType": "application/json", "buffer": past()}
    )
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("The file was imported.")).to_be_visible()
    page.goto("/progress")
    with page.expect_download() as started:
        page.get_by_role("link", name="Export").click()
    started.value.save_as(tmp_path / "out.json")
    page.get_by_role("button", name="Delete everything").click()
    expect(page.get_by_role("heading", name="Delete everything?")).to_be_visible()
    expect(page.get_by_text("1 submission with its code and report")).to_be_visible()
    page.get_by_role("button", name="Delete everything").click()
    expect(page.get_by_text("Everything was deleted.")).to_be_visible()
    page.locator("input[type=file]").set_input_files(tmp_path / "out.json")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("The file was imported.")).to_be_visible()
    page.goto("/progress")
    expect(page.get_by_role("link", name="Attention with a key-value cache")).to_be_visible()


def test_days_are_counted_in_the_browsers_own_zone(browser: Browser, server: Server) -> None:
    server.forget()
    with somebody(browser, server, timezone_id="Pacific/Kiritimati") as context:
        page = context.new_page()
        page.goto("/")
        expect(page.get_by_role("link", name="Progress")).to_be_visible()
        eventually(page, "document.cookie.includes('tz=')")
        page.goto("/progress")
        expect(page.get_by_text("midnight in Pacific/Kiritimati")).to_be_visible()
