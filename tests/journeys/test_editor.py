"""The kata page in a real browser: what is typed is kept, what is sent is judged, and a keyboard is enough."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from katas.answer import answer_source
from katas.bank import Bank
from tests.journeys.conftest import Server, eventually

pytestmark = pytest.mark.xdist_group("browser")

KATA = "masked_softmax"
OTHER = "cross_entropy"
STATUS = "[data-draft-status]"


def source(kata: str = KATA) -> str:
    """A submission that passes."""
    return answer_source(Bank.open().kata(kata))


def mistake(kata: str = KATA) -> str:
    """A submission that shows a misunderstanding in numbers."""
    return Bank.open().kata(kata).mistakes[0].source


def visit(page: Page, kata: str = KATA) -> None:
    """The kata page, once its editor is there."""
    page.goto(f"/katas/{kata}")
    expect(page.locator(".cm-content")).to_be_visible()


def lines(page: Page) -> str:
    """The text in the editor; a short one, for a long one is not all in the page."""
    return "\n".join(page.locator(".cm-holder .cm-line").all_text_contents())


def paste(page: Page, text: str) -> None:
    """As a person pastes: the event that a browser fires."""
    page.locator(".cm-content").evaluate(
        """(element, text) => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            element.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
        }""",
        text,
    )


def write(page: Page, text: str) -> None:
    """Puts `text` in place of what is there."""
    page.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+a")
    paste(page, text)


def stored(page: Page, kata: str = KATA) -> dict[str, Any]:
    """The draft as the server has it."""
    found: dict[str, Any] = page.request.get(f"/api/drafts/{kata}").json()
    return found


def saved(page: Page) -> None:
    """Waits until the server has everything."""
    expect(page.locator(STATUS)).to_have_attribute("data-state", "saved", timeout=10_000)


@pytest.fixture
def second(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    """Another device."""
    other = browser.new_context(base_url=server.url, locale="en-GB", viewport={"width": 1440, "height": 900})
    yield other
    other.close()


# -- drafts ------------------------------------------------------------------------------------------------------------


def test_what_is_typed_is_at_the_server_and_on_another_device(page: Page, second: BrowserContext) -> None:
    visit(page)
    write(page, "import torch\n")
    page.keyboard.type("x = 多头 # é")
    saved(page)
    assert stored(page)["text"] == "import torch\nx = 多头 # é"
    tab = second.new_page()
    visit(tab)
    assert lines(tab) == "import torch\nx = 多头 # é"


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
    expect(page.locator(STATUS)).to_have_attribute("data-unsaved", "", timeout=10_000)
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
    expect(page.locator(STATUS)).to_have_attribute("data-unsaved", "", timeout=10_000)
    page.goto("about:blank")
    page.unroute("**/api/drafts/**")
    visit(page)
    expect(page.locator(".cm-content")).to_contain_text("b = 2")
    saved(page)
    assert stored(page)["text"] == "a = 1\nb = 2"
    # The browser may have sent the last step on behalf of the dying tab: then all is saved before the record is looked at.
    eventually(page, "!Object.keys(localStorage).some((key) => key.startsWith('torchkata:draft:'))")


def keys(page: Page, prefix: str) -> list[str]:
    """What this browser keeps under names that begin with `prefix`."""
    found: list[str] = page.evaluate("(p) => Object.keys(localStorage).filter((key) => key.startsWith(p))", prefix)
    return found


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
    write(page, "typed = 1")
    saved(page)
    assert stored(page)["text"] == "typed = 1"
    eventually(page, "Object.keys(localStorage).some((key) => key.startsWith('torchkata:aside:'))")
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
    assert lines(tab) == "mine"
    tab.locator(".cm-content").press("ControlOrMeta+z")
    assert lines(tab) == "theirs"
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


# -- the editor --------------------------------------------------------------------------------------------------------


def test_tab_indents_and_escape_lets_it_leave(page: Page) -> None:
    visit(page)
    write(page, "x")
    page.keyboard.press("Home")
    page.keyboard.press("Tab")
    assert lines(page) == "    x"
    page.keyboard.press("Escape")
    expect(page.locator(".spoken")).to_contain_text("Tab now leaves the editor")
    page.keyboard.press("Tab")
    expect(page.locator(".cm-content")).not_to_be_focused()
    assert lines(page) == "    x"


def test_escape_closes_completion_first(page: Page) -> None:
    visit(page)
    write(page, "import torch\n")
    page.keyboard.type("torch.matm")
    expect(page.locator(".cm-tooltip-autocomplete")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".cm-tooltip-autocomplete")).to_be_hidden()
    page.keyboard.press("Tab")
    expect(page.locator(".cm-content")).to_be_focused()


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("torch.masked_f", "masked_fill(input, mask, value)"),
        ("F.cross_e", "cross_entropy("),
        ("nn.LayerN", "LayerNorm(normalized_shape"),
        ("scores.masked_f", "masked_fill(mask, value)"),
        ("masked_so", "masked_softmax"),
    ],
)
def test_names_are_completed_with_their_signatures(page: Page, typed: str, offered: str) -> None:
    visit(page)
    write(page, "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n")
    page.keyboard.type(typed)
    expect(page.locator(".cm-tooltip-autocomplete li").first).to_contain_text(offered)


def test_a_forbidden_call_is_not_offered(page: Page) -> None:
    visit(page, "layer_norm")
    write(page, "import torch\n")
    page.keyboard.type("F.layer_n")
    page.wait_for_timeout(400)
    expect(page.locator(".cm-tooltip-autocomplete li").filter(has_text="layer_norm(")).to_have_count(0)


def test_a_syntax_error_is_marked_while_typing(page: Page) -> None:
    visit(page)
    write(page, "def f(:\n")
    expect(page.locator(".cm-lintRange-error")).to_be_visible()
    write(page, "def f():\n    return 1\n")
    expect(page.locator(".cm-lintRange-error")).to_have_count(0)


def test_reset_asks_once_and_can_be_undone(page: Page) -> None:
    visit(page)
    write(page, "mine")
    saved(page)
    page.get_by_role("button", name=re.compile("^reset")).click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert lines(page) == "mine"
    page.get_by_role("button", name=re.compile("^reset")).click()
    page.get_by_role("dialog").get_by_role("button", name="Put it back").click()
    expect(page.locator(".cm-content")).to_contain_text("NotImplementedError")
    saved(page)
    assert stored(page)["text"] == Bank.open().kata(KATA).starter
    page.keyboard.press("ControlOrMeta+z")
    assert lines(page) == "mine"


def test_vim_keys_are_loaded_on_demand_and_remembered(page: Page) -> None:
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    visit(page)
    page.wait_for_load_state("networkidle")
    assert not any("/vim-" in url for url in loaded)
    write(page, "one two")
    page.get_by_role("button", name="Vim keys").click()
    expect(page.get_by_role("button", name="Vim keys")).to_have_attribute("aria-pressed", "true")
    assert any("/vim-" in url for url in loaded)
    page.keyboard.press("Escape")
    page.keyboard.type("0dwi3 ")
    assert lines(page) == "3 two"
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(page.locator(".cm-content")).not_to_be_focused()
    saved(page)
    visit(page)
    expect(page.get_by_role("button", name="Vim keys")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Vim keys").click()
    expect(page.get_by_role("button", name="Vim keys")).to_have_attribute("aria-pressed", "false")


def test_type_grows_and_is_remembered(page: Page) -> None:
    visit(page)
    size = "getComputedStyle(document.querySelector('.cm-editor')).fontSize"
    before = float(page.evaluate(size).removesuffix("px"))
    with page.expect_response("**/preferences"):
        page.get_by_role("button", name="Larger type").click()
    visit(page)
    assert float(page.evaluate(size).removesuffix("px")) == before + 1
    with page.expect_response("**/preferences"):
        page.get_by_role("button", name="Smaller type").click()


def test_question_mark_shows_the_keys_and_is_a_letter_while_typing(page: Page) -> None:
    visit(page)
    write(page, "")
    page.keyboard.type("?")
    assert lines(page) == "?"
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Ctrl")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


# -- sending -----------------------------------------------------------------------------------------------------------


def result(page: Page) -> None:
    """Waits for the result in its pane."""
    expect(page.locator("[data-result] [data-state=done]")).to_be_visible(timeout=60_000)


def test_submit_by_keyboard_shows_a_verdict_and_leaves_the_focus(page: Page) -> None:
    visit(page)
    write(page, source())
    page.keyboard.press("ControlOrMeta+Shift+Enter")
    result(page)
    expect(page.locator("[data-result] .verdict")).to_contain_text("Passed")
    expect(page.locator(".cm-content")).to_be_focused()
    assert page.url.endswith(f"/katas/{KATA}")


def test_cases_appear_as_they_finish(page: Page) -> None:
    visit(page)
    page.evaluate(
        """() => {
            window.said = [];
            const line = document.querySelector("[data-progress]");
            new MutationObserver(() => window.said.push(line.textContent)).observe(line, {childList: true});
        }"""
    )
    write(page, source())
    page.keyboard.press("ControlOrMeta+Shift+Enter")
    result(page)
    said = page.evaluate("window.said")
    assert any(re.fullmatch(r"\d+ of \d+ passed", text) for text in said), said
    assert said[-1].startswith("Done"), said


def test_run_judges_the_visible_cases_only(page: Page) -> None:
    visit(page)
    write(page, source())
    page.keyboard.press("ControlOrMeta+Enter")
    result(page)
    expect(page.locator("[data-result] [data-kind=run]")).to_be_visible()


def test_a_snippet_of_ones_own_is_tried(page: Page) -> None:
    visit(page)
    write(page, source())
    page.get_by_text("Try it on inputs of your own").click()
    page.locator("textarea[name=snippet]").fill("print('hello')\nmasked_softmax(torch.zeros(1, 2), None)")
    page.get_by_role("button", name="Try", exact=True).click()
    result(page)
    expect(page.locator("[data-result] [data-kind=try]")).to_contain_text("hello")


def test_a_snippet_of_ones_own_stays(page: Page, second: BrowserContext) -> None:
    visit(page)
    page.get_by_text("Try it on inputs of your own").click()
    page.locator("textarea[name=snippet]").fill("print('not tried yet')")
    visit(page)
    box = page.locator("textarea[name=snippet]")
    expect(box).to_have_value("print('not tried yet')")
    page.get_by_text("Try it on inputs of your own").click()
    page.get_by_role("button", name="Try", exact=True).click()
    result(page)
    assert keys(page, "torchkata:snippet:") == []
    tab = second.new_page()
    visit(tab)
    expect(tab.locator("textarea[name=snippet]")).to_have_value("print('not tried yet')")


def test_a_result_that_comes_late_leaves_the_next_run_alone(page: Page) -> None:
    visit(page)
    write(page, source())
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/result", hold_the_first)
    with page.expect_request("**/result", timeout=60_000):
        page.keyboard.press("ControlOrMeta+Shift+Enter")
    while not held:
        page.wait_for_timeout(20)
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("[data-result] [data-kind=run]")).to_be_visible(timeout=60_000)
    with page.expect_response("**/result"):
        held[0].continue_()
    page.wait_for_timeout(300)
    expect(page.locator("[data-result] [data-kind=run]")).to_be_visible()


def test_a_double_click_sends_once(page: Page) -> None:
    visit(page)
    write(page, source() + "\n# twice\n")
    saved(page)
    before = len(page.request.get(f"/api/submissions?kata={KATA}&limit=200").json()["submissions"])
    page.get_by_role("button", name=re.compile("^Submit")).dblclick()
    result(page)
    after = len(page.request.get(f"/api/submissions?kata={KATA}&limit=200").json()["submissions"])
    assert after == before + 1


def test_the_same_code_may_be_submitted_again(page: Page) -> None:
    visit(page)
    write(page, source())
    identities = []
    for _ in range(2):
        page.keyboard.press("ControlOrMeta+Shift+Enter")
        expect(page.locator(".live")).to_be_hidden(timeout=60_000)
        result(page)
        identities.append(page.locator("[data-result] [data-id]").get_attribute("data-id"))
    assert identities[0] != identities[1]


def test_a_stream_that_does_not_come_through_is_replaced_by_asking(page: Page) -> None:
    page.route("**/events", lambda route: route.abort())
    visit(page)
    write(page, source())
    page.keyboard.press("ControlOrMeta+Shift+Enter")
    result(page)
    expect(page.locator("[data-result] .verdict")).to_contain_text("Passed")


def test_a_submission_is_cancelled(page: Page) -> None:
    visit(page)
    write(page, "import time\n\n\ndef masked_softmax(scores, mask, dim=-1):\n    time.sleep(4)\n")
    page.keyboard.press("ControlOrMeta+Shift+Enter")
    page.locator(".live").get_by_role("button", name="Cancel").click()
    expect(page.locator("[data-result] [data-state=cancelled]")).to_be_visible(timeout=20_000)


def test_cancelling_may_be_tried_again(page: Page) -> None:
    visit(page)
    write(page, "import time\n\n\ndef masked_softmax(scores, mask, dim=-1):\n    time.sleep(4)\n")
    page.route("**/cancel", lambda route: route.fulfill(status=503))
    page.keyboard.press("ControlOrMeta+Shift+Enter")
    button = page.locator(".live").get_by_role("button", name="Cancel")
    with page.expect_response("**/cancel"):
        button.click()
    page.unroute("**/cancel")
    button.click()
    expect(page.locator("[data-result] [data-state=cancelled]")).to_be_visible(timeout=20_000)


def test_what_is_refused_is_said_and_the_code_stays(page: Page) -> None:
    visit(page)
    write(page, "")
    page.keyboard.press("ControlOrMeta+Shift+Enter")
    expect(page.locator("[data-result]")).to_contain_text("There is no code")


def test_a_server_that_is_away_keeps_the_submission_here(page: Page) -> None:
    visit(page)
    write(page, source())
    saved(page)
    page.context.set_offline(True)
    page.keyboard.press("ControlOrMeta+Shift+Enter")
    expect(page.locator("[data-result]")).to_contain_text("Not sent")
    page.context.set_offline(False)
    page.keyboard.press("ControlOrMeta+Shift+Enter")
    result(page)


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
    dialog = opened(page)
    select = dialog.locator("select")
    count = select.locator("option").count()
    select.select_option(index=count - 1)
    expect(dialog.get_by_role("status")).to_contain_text("could not be loaded")
    with page.expect_request("**/api/submissions/row0"):
        select.select_option(index=count - 2)
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
    dialog = opened(page)
    expect(dialog.get_by_role("status")).to_contain_text("could not be loaded")
    dialog.locator("select").select_option(label="the starter")
    expect(dialog.locator(".cm-merge-a")).to_be_visible()


def test_a_wrong_result_is_drawn(page: Page) -> None:
    visit(page, OTHER)
    write(page, mistake(OTHER))
    page.keyboard.press("ControlOrMeta+Shift+Enter")
    result(page)
    page.evaluate("for (const part of document.querySelectorAll('details.case')) part.open = true")
    stage = page.locator(".pic-stage").first
    expect(stage).to_be_visible()
    colours = stage.locator("canvas").first.evaluate(
        """(canvas) => {
            const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            const found = new Set();
            for (let at = 0; at < data.length; at += 4) found.add(data.slice(at, at + 3).join());
            return found.size;
        }"""
    )
    assert colours > 3
    readout = page.locator(".pic-readout").first
    expect(readout).to_contain_text("expected")


# -- panes -------------------------------------------------------------------------------------------------------------


def box(page: Page, name: str) -> dict[str, float]:
    """Where a pane is."""
    found = page.locator(f"[data-pane={name}]").bounding_box()
    assert found is not None
    return dict(found)  # type: ignore[arg-type]


def test_panes_move_by_keyboard_and_are_remembered(page: Page) -> None:
    visit(page)
    separator = page.get_by_role("separator", name="Width of the question")
    before = box(page, "text")["width"]
    separator.focus()
    with page.expect_response("**/preferences"):
        page.keyboard.press("ArrowRight")
    assert box(page, "text")["width"] > before
    moved = box(page, "text")["width"]
    visit(page)
    assert box(page, "text")["width"] == pytest.approx(moved, abs=1)
    separator.focus()
    page.keyboard.press("Home")
    expect(page.locator("[data-pane=text]")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator("[data-pane=text]")).to_be_visible()


def test_panes_move_by_mouse(page: Page) -> None:
    visit(page)
    before = box(page, "code")["height"]
    place = page.get_by_role("separator", name="Height of the editor").bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + 50, place["y"] + 4)
    page.mouse.down()
    page.mouse.move(place["x"] + 50, place["y"] - 80, steps=4)
    page.mouse.up()
    assert box(page, "code")["height"] < before - 60


def test_a_narrow_window_has_tabs_and_goes_to_the_results_by_itself(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    visit_narrow = page.goto(f"/katas/{KATA}")
    assert visit_narrow is not None
    expect(page.locator("[data-pane=text]")).to_be_visible()
    expect(page.locator("[data-pane=code]")).to_be_hidden()
    page.get_by_role("tab", name="Code").click()
    write(page, source())
    page.keyboard.press("ControlOrMeta+Shift+Enter")
    expect(page.locator("[data-pane=results]")).to_be_visible()
    result(page)
    expect(page.get_by_role("tab", name="Results")).to_have_attribute("aria-selected", "true")


# -- what it costs, and what it does without scripts -------------------------------------------------------------------


def test_the_kata_page_loads_at_most_250_kb(page: Page) -> None:
    sizes: dict[str, int] = {}
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    addresses: dict[str, str] = {}
    on: Callable[[str, Callable[[dict[str, Any]], None]], None] = client.on
    on("Network.responseReceived", lambda event: addresses.update({event["requestId"]: event["response"]["url"]}))
    on(
        "Network.loadingFinished",
        lambda event: sizes.update({addresses.get(event["requestId"], "?"): int(event["encodedDataLength"])}),
    )
    visit(page, "multi_head_attention")
    page.wait_for_load_state("networkidle")
    assert sum(sizes.values()) <= 250 * 1024, json.dumps(sizes, indent=1)
    assert any(url.split("?")[0].endswith("kata.js") for url in sizes)


def test_without_scripts_one_can_write_submit_and_read(browser: Browser, server: Server) -> None:
    plain = browser.new_context(base_url=server.url, locale="en-GB", java_script_enabled=False)
    page = plain.new_page()
    page.goto(f"/katas/{KATA}")
    page.locator("textarea[name=code]").fill(source())
    page.get_by_role("button", name=re.compile("^Submit")).click()
    expect(page).to_have_url(re.compile("/submissions/"))
    expect(page.locator("[data-result] .verdict")).to_contain_text("Passed", timeout=60_000)
    plain.close()


# -- the text beside the editor ----------------------------------------------------------------------------------------


def test_parts_of_the_text_change_beside_an_editor_that_stays(page: Page) -> None:
    visit(page)
    write(page, "typed = 1")
    page.evaluate("window.same = true")
    page.get_by_role("link", name="Task", exact=True).click()
    expect(page.locator(".tabs a[aria-current]")).to_have_text("Task")
    expect(page).to_have_url(re.compile("tab=task"))
    page.get_by_role("link", name=re.compile("^Hints")).click()
    page.get_by_role("button", name=re.compile("^Open hint")).click()
    expect(page.locator(".hint").first).to_be_visible()
    page.go_back()
    page.go_back()
    expect(page.locator(".tabs a[aria-current]")).to_have_text("Task")
    assert page.evaluate("window.same") is True
    assert lines(page) == "typed = 1"


def test_a_formula_that_the_server_cannot_convert_is_drawn_by_katex(page: Page) -> None:
    def spoil(route: Route) -> None:
        answer = route.fetch()
        formula = '<p><span class="math" data-tex="\\frac{QK^\\top}{\\sqrt{d}}"><code>frac</code></span></p>'
        route.fulfill(
            response=answer, body=answer.text().replace('<div class="prose" id="part">', f"<div>{formula}</div><div>")
        )

    page.route("**/katas/layer_norm", spoil)
    visit(page, "layer_norm")
    expect(page.locator(".math .katex .mfrac").first).to_be_visible()


def test_the_theme_changes_at_once_and_is_kept(page: Page) -> None:
    visit(page)
    page.get_by_role("button", name="Theme: system").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    visit(page)
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    for name in ("Theme: dark", "Theme: light"):
        with page.expect_response("**/preferences"):
            page.get_by_role("button", name=name).click()
    expect(page.locator("html")).to_have_attribute("data-theme", "auto")


def test_the_submission_page_follows_to_the_end_by_itself(page: Page) -> None:
    answer = page.request.post("/api/submissions", data={"kata": KATA, "code": source() + "\n# followed\n"})
    page.goto(answer.json()["url"])
    result(page)
    expect(page.locator("[data-result] .verdict")).to_contain_text("Passed")
