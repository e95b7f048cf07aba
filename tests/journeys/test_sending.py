"""What is sent is judged, its cases are told, and what goes wrong on the way is said."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect

from tests.journeys.conftest import Server, eventually, somebody
from tests.journeys.editors import KATA, keys, result, saved, source, visit, write
from tests.journeys.processes import stopped, worker_of

pytestmark = pytest.mark.xdist_group("browser")


def test_submit_by_keyboard_shows_a_verdict_and_leaves_the_focus(page: Page) -> None:
    visit(page)
    write(page, source())
    page.keyboard.press("ControlOrMeta+Shift+Enter")
    result(page)
    expect(page.locator("[data-result] .verdict")).to_contain_text("Passed")
    expect(page.locator(".cm-content")).to_be_focused()
    assert page.url.endswith(f"/katas/{KATA}")


HEAR = """
const {EventSource} = window;
window.EventSource = class extends EventSource {
    constructor(...words) {
        super(...words);
        this.addEventListener("state", () => { window.heard = true; });
    }
};
"""


def test_cases_appear_as_they_finish(page: Page, server: Server) -> None:
    page.add_init_script(HEAR)
    visit(page)
    page.evaluate(
        """() => {
            window.said = [];
            const line = document.querySelector("[data-progress]");
            new MutationObserver(() => window.said.push(line.textContent)).observe(line, {childList: true});
        }"""
    )
    write(page, source())
    worker = worker_of(server.process.pid)
    assert worker is not None
    with stopped(worker):  # else it may have ended before it is watched
        page.keyboard.press("ControlOrMeta+Shift+Enter")
        eventually(page, "window.heard")
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
    with page.expect_request("**/result"):
        page.keyboard.press("ControlOrMeta+Shift+Enter")
    while not held:
        page.wait_for_timeout(20)
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("[data-result] [data-kind=run]")).to_be_visible()
    with page.expect_response("**/result"):
        held[0].continue_()
    page.wait_for_timeout(300)
    expect(page.locator("[data-result] [data-kind=run]")).to_be_visible()


def test_a_double_click_sends_once_also_when_the_verdict_comes_between(page: Page) -> None:
    visit(page)
    write(page, source() + "\n# twice\n")
    sent = submissions_of(page)
    button = page.get_by_role("button", name=re.compile("^Submit"))
    button.click()
    result(page)
    button.hover()
    page.mouse.down(click_count=2)
    page.mouse.up(click_count=2)
    page.evaluate("0")  # what it asked for has been seen by then
    assert len(sent) == 1
    button.dblclick()
    expect(page.locator(".live")).to_be_hidden()
    result(page)
    assert len(sent) == 2


def test_keys_held_down_send_once(page: Page) -> None:
    visit(page)
    write(page, source() + "\n# held\n")
    sent = submissions_of(page)
    for key in ("Control", "Shift", "Enter"):
        page.keyboard.down(key)
    result(page)
    page.keyboard.down("Enter")
    page.evaluate("0")
    for key in ("Enter", "Shift", "Control"):
        page.keyboard.up(key)
    button = page.get_by_role("button", name=re.compile("^Submit"))
    button.focus()
    page.keyboard.down("Enter")
    expect(page.locator(".live")).to_be_hidden()
    result(page)
    page.keyboard.down("Enter")
    page.evaluate("0")
    page.keyboard.up("Enter")
    assert len(sent) == 2


def submissions_of(page: Page) -> list[str]:
    """The addresses of what the page sends to be judged, as it goes on."""
    sent: list[str] = []

    def note(asked: Request) -> None:
        if asked.method == "POST" and asked.url.endswith("/submissions"):
            sent.append(asked.url)

    page.on("request", note)
    return sent


def test_the_same_code_may_be_submitted_again(page: Page) -> None:
    visit(page)
    write(page, source())
    identities = []
    for _ in range(2):
        page.keyboard.press("ControlOrMeta+Shift+Enter")
        expect(page.locator(".live")).to_be_hidden()
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
    write(page, "while True:\n    pass\n")
    page.keyboard.press("ControlOrMeta+Shift+Enter")
    page.locator(".live").get_by_role("button", name="Cancel").click()
    expect(page.locator("[data-result] [data-state=cancelled]")).to_be_visible()


def test_cancelling_may_be_tried_again(page: Page, server: Server) -> None:
    visit(page)
    write(page, source())
    page.route("**/cancel", lambda route: route.fulfill(status=503))
    worker = worker_of(server.process.pid)
    assert worker is not None
    with stopped(worker):
        page.keyboard.press("ControlOrMeta+Shift+Enter")
        button = page.locator(".live").get_by_role("button", name="Cancel")
        with page.expect_response("**/cancel"):
            button.click()
        page.unroute("**/cancel")
        button.click()
        expect(page.locator("[data-result] [data-state=cancelled]")).to_be_visible()


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


def test_the_submission_page_follows_to_the_end_by_itself(page: Page) -> None:
    answer = page.request.post("/api/submissions", data={"kata": KATA, "code": source() + "\n# followed\n"})
    page.goto(answer.json()["url"])
    result(page)
    expect(page.locator("[data-result] .verdict")).to_contain_text("Passed")


def test_without_scripts_one_can_write_submit_and_read(browser: Browser, server: Server) -> None:
    server.forget()
    with somebody(browser, server, java_script_enabled=False) as plain:
        page = plain.new_page()
        page.goto(f"/katas/{KATA}")
        page.locator("textarea[name=code]").fill(source())
        page.get_by_role("button", name=re.compile("^Submit")).click()
        expect(page).to_have_url(re.compile("/submissions/"))
        expect(page.locator("[data-result] .verdict")).to_contain_text("Passed")
