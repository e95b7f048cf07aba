"""The code beside what was before: the last that passed, older ones, the starter."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.journeys.editors import KATA, result, source, visit, write

pytestmark = pytest.mark.xdist_group("browser")


def test_the_code_is_compared_with_the_last_that_passed(page: Page) -> None:
    visit(page)
    write(page, source())
    page.keyboard.press("ControlOrMeta+Shift+Enter")
    result(page)
    write(page, "changed = 1\n")
    page.get_by_role("button", name=re.compile("^compare")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("select option").first).to_contain_text("the last that passed")
    expect(dialog.locator(".cm-merge-b")).to_contain_text("changed = 1")
    expect(dialog.locator(".cm-merge-a")).to_contain_text("def masked_softmax")
    dialog.locator("select").select_option(label="the starter")
    expect(dialog.locator(".cm-merge-a")).to_contain_text("NotImplementedError")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def listed(count: int, *, first: int, before: float | None) -> dict[str, Any]:
    """A page of the person's submissions, none of which passed."""
    rows = [
        {"id": f"row{first + n}", "kind": "grade", "state": "done", "verdict": "failed", "created": 1e9 - first - n}
        for n in range(count)
    ]
    return {"submissions": rows, "before": before}


def opened(page: Page) -> Locator:
    """The dialog in which texts are compared."""
    page.get_by_role("button", name=re.compile("^compare")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def test_the_last_that_passed_is_offered_however_long_ago_it_was(page: Page) -> None:
    sent = page.request.post("/api/submissions", data={"kata": KATA, "code": source()}).json()
    page.goto(sent["url"])
    result(page)

    def answer(route: Route) -> None:
        older = "before=" in route.request.url
        route.fulfill(json=listed(2, first=50, before=None) if older else listed(50, first=0, before=9.5e8))

    page.route("**/api/submissions?*", answer)
    visit(page)
    write(page, "changed = 1")
    dialog = opened(page)
    expect(dialog.locator("select option")).to_have_count(52)
    expect(dialog.locator("select option").first).to_have_text("the last that passed")
    expect(dialog.locator(".cm-merge-a")).to_contain_text("def masked_softmax")
    dialog.get_by_role("button", name="Older ones").click()
    expect(dialog.locator("select option")).to_have_count(54)
    expect(dialog.get_by_role("button", name="Older ones")).to_have_count(0)


def test_a_version_that_cannot_be_loaded_is_said_and_an_overtaken_one_is_not_shown(page: Page) -> None:
    held: list[Route] = []
    page.route("**/api/submissions?*", lambda route: route.fulfill(json=listed(2, first=0, before=None)))
    page.route("**/api/submissions/row0", lambda route: held.append(route))
    page.route("**/api/submissions/row1", lambda route: route.abort())
    visit(page)
    write(page, "changed = 1")
    dialog = opened(page)
    select = dialog.locator("select")
    count = select.locator("option").count()
    select.select_option(index=count - 1)
    expect(dialog.get_by_role("status")).to_contain_text("could not be loaded")
    with page.expect_request("**/api/submissions/row0"):
        select.select_option(index=count - 2)
    while not held:
        page.wait_for_timeout(20)
    select.select_option(label="the starter")
    expect(dialog.locator(".cm-merge-a")).to_contain_text("NotImplementedError")
    with page.expect_response("**/api/submissions/row0"):
        held[0].fulfill(json={"code": "overtaken = 1"})
    page.wait_for_timeout(300)
    expect(dialog.locator(".cm-merge-a")).to_contain_text("NotImplementedError")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_comparing_works_while_the_list_does_not(page: Page) -> None:
    page.route("**/api/submissions?*", lambda route: route.abort())
    visit(page)
    write(page, "changed = 1")
    dialog = opened(page)
    expect(dialog.get_by_role("status")).to_contain_text("could not be loaded")
    dialog.locator("select").select_option(label="the starter")
    expect(dialog.locator(".cm-merge-a")).to_be_visible()
