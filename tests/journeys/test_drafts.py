"""What is typed is kept: at the server, on another device, and in this browser while the server is away."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.journeys.conftest import eventually
from tests.journeys.editors import KATA, STATUS, keys, saved, shows, stored, visit, write

pytestmark = pytest.mark.xdist_group("browser")


def test_what_is_typed_is_at_the_server_and_on_another_device(page: Page, second: BrowserContext) -> None:
    visit(page)
    write(page, "import torch\n")
    page.keyboard.type("x = 多头 # é")
    saved(page)
    assert stored(page)["text"] == "import torch\nx = 多头 # é"
    tab = second.new_page()
    visit(tab)
    shows(tab, "import torch\nx = 多头 # é")


def test_every_keystroke_is_a_step_of_its_own(page: Page) -> None:
    visit(page)
    write(page, "a")
    saved(page)
    before = stored(page)["version"]
    page.keyboard.type("bcd")
    saved(page)
    assert stored(page)["version"] == before + 3


def test_a_server_that_is_away_is_said_and_nothing_is_lost(page: Page) -> None:
    visit(page)
    write(page, "a = 1\n")
    saved(page)
    page.context.set_offline(True)
    page.keyboard.type("b = 2")
    expect(page.locator(STATUS)).to_have_attribute("data-unsaved", "")
    expect(page.locator(STATUS)).to_contain_text("not saved")
    page.context.set_offline(False)
    saved(page)
    assert stored(page)["text"] == "a = 1\nb = 2"


def test_what_was_typed_before_the_tab_died_comes_back(page: Page) -> None:
    visit(page)
    write(page, "a = 1\n")
    saved(page)

    def refuse(route: Route) -> None:
        route.abort()

    page.route("**/api/drafts/**", refuse)
    page.keyboard.type("b = 2")
    expect(page.locator(STATUS)).to_have_attribute("data-unsaved", "")
    page.goto("about:blank")
    page.unroute("**/api/drafts/**")
    visit(page)
    expect(page.locator(".cm-content")).to_contain_text("b = 2")
    saved(page)
    assert stored(page)["text"] == "a = 1\nb = 2"
    # The browser may have sent the last step on behalf of the dying tab: then all is saved before the record is looked at.
    eventually(page, "!Object.keys(localStorage).some((key) => key.startsWith('torchkata:draft:'))")


def test_a_record_that_does_not_fit_is_put_aside_and_typing_goes_on(page: Page) -> None:
    page.goto("/about")
    record = {
        "device": "gone",
        "base": 0,
        "baseText": "abc",
        "steps": [{"kind": "edit", "changes": [9], "typed_at": 1}],
    }
    page.evaluate(
        "([key, value]) => localStorage.setItem(key, value)", [f"torchkata:draft:{KATA}:gone", json.dumps(record)]
    )
    visit(page)
    # First, for what a dead tab left is put off to the next visit as soon as something is typed.
    eventually(page, "Object.keys(localStorage).some((key) => key.startsWith('torchkata:aside:'))")
    write(page, "typed = 1")
    saved(page)
    assert stored(page)["text"] == "typed = 1"
    assert keys(page, "torchkata:draft:") == []


def test_drafts_of_this_browser_go_when_everything_was_deleted_and_not_before(page: Page) -> None:
    page.goto("/progress")
    page.evaluate("localStorage.setItem('torchkata:draft:x:y', '{}')")
    page.get_by_role("button", name=re.compile("^Delete everything")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete everything?")
    page.goto("/progress?deleted=1", wait_until="load")  # a link that anybody could have made
    assert keys(page, "torchkata:draft:")

    def answer(route: Route) -> None:  # a server whose word alone clears nothing, and that keeps what the others need
        if "sure=yes" in (route.request.post_data or ""):
            route.fulfill(status=303, headers={"Location": "/progress?deleted=1"})
        else:
            route.continue_()

    page.route("**/progress/delete", answer)
    page.get_by_role("button", name=re.compile("^Delete everything")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete everything?")
    page.wait_for_load_state("load")  # only a script that has run notes who deletes
    page.get_by_role("button", name="Delete everything", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Everything was deleted.")).to_be_visible()
    eventually(page, "!Object.keys(localStorage).some((key) => key.startsWith('torchkata:'))")


def conflict(page: Page, second: BrowserContext) -> Page:
    """Two devices that have typed on the same version."""
    visit(page)
    write(page, "shared")
    saved(page)
    tab = second.new_page()
    visit(tab)
    write(page, "mine")
    saved(page)
    write(tab, "theirs")
    expect(tab.get_by_role("alert").filter(has_text="Both versions are kept")).to_be_visible()
    return tab


def test_two_devices_see_both_texts_and_keep_their_own(page: Page, second: BrowserContext) -> None:
    tab = conflict(page, second)
    tab.get_by_role("button", name="Compare", exact=True).click()
    dialog = tab.get_by_role("dialog")
    expect(dialog.locator(".cm-merge-a")).to_contain_text("mine")
    expect(dialog.locator(".cm-merge-b")).to_contain_text("theirs")
    dialog.get_by_role("button", name="Close").click()
    tab.get_by_role("button", name="Go on with mine").click()
    saved(tab)
    assert stored(tab)["text"] == "theirs"
    kept = tab.request.get(f"/api/drafts/{KATA}/versions").json()
    assert len(kept["versions"]) >= 3


def test_two_devices_may_take_the_others_text_and_undo_it(page: Page, second: BrowserContext) -> None:
    tab = conflict(page, second)
    tab.get_by_role("button", name="Take the other").click()
    saved(tab)
    shows(tab, "mine")
    tab.locator(".cm-content").press("ControlOrMeta+z")
    shows(tab, "theirs")
    saved(tab)
    assert stored(tab)["text"] == "theirs"


def test_two_tabs_of_one_browser_follow_each_other(page: Page) -> None:
    visit(page)
    write(page, "one")
    saved(page)
    tab = page.context.new_page()
    visit(tab)
    tab.locator(".cm-content").click()
    tab.keyboard.press("ControlOrMeta+End")
    tab.keyboard.type(" two")
    expect(page.locator(".cm-content")).to_have_text("one two")
    page.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+End")
    page.keyboard.type(" three")
    expect(tab.locator(".cm-content")).to_have_text("one two three")


def test_a_large_paste_is_kept(page: Page) -> None:
    visit(page)
    text = "".join(f"value_{number} = {number}  # 数\n" for number in range(8_000))
    write(page, text)
    page.keyboard.type("end = 1")
    saved(page)
    assert stored(page)["text"] == text + "end = 1"


def test_composed_chinese_is_typed_once(page: Page) -> None:
    visit(page)
    write(page, "# ")
    client = page.context.new_cdp_session(page)
    for part in ("zh", "zhong", "zhongwen"):
        client.send("Input.imeSetComposition", {"text": part, "selectionStart": len(part), "selectionEnd": len(part)})
    client.send("Input.insertText", {"text": "中文"})
    expect(page.locator(".cm-content")).to_have_text("# 中文")
    saved(page)
    assert stored(page)["text"] == "# 中文"
