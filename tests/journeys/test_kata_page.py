"""The kata page around its editor: the text, the panes, pictures of a result, and what it costs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.journeys.conftest import eventually
from tests.journeys.editors import KATA, OTHER, mistake, result, shows, source, visit, write

pytestmark = pytest.mark.xdist_group("browser")


COLOURS = """(canvas) => {
    const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const found = new Set();
    for (let at = 0; at < data.length; at += 4) found.add(data.slice(at, at + 3).join());
    return found.size;
}"""


def test_a_wrong_result_is_drawn(page: Page) -> None:
    visit(page, OTHER)
    write(page, mistake(OTHER))
    page.keyboard.press("ControlOrMeta+Shift+Enter")
    result(page)
    page.evaluate("for (const part of document.querySelectorAll('details.case')) part.open = true")
    stage = page.locator(".pic-stage").first
    expect(stage).to_be_visible()
    expect(stage.locator("canvas").first).to_be_visible()
    eventually(page, f"({COLOURS})(document.querySelector('.pic-stage canvas')) > 3")
    readout = page.locator(".pic-readout").first
    expect(readout).to_contain_text("expected")


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
    with page.expect_response("**/preferences"):
        page.mouse.up()
    assert box(page, "code")["height"] < before - 60


def test_a_narrow_window_has_tabs_and_goes_to_the_results_by_itself(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/katas/{KATA}")
    expect(page.locator("[data-pane=text]")).to_be_visible()
    expect(page.locator("[data-pane=code]")).to_be_hidden()
    page.get_by_role("tab", name="Code").click()
    write(page, source())
    page.keyboard.press("ControlOrMeta+Shift+Enter")
    expect(page.locator("[data-pane=results]")).to_be_visible()
    result(page)
    expect(page.get_by_role("tab", name="Results")).to_have_attribute("aria-selected", "true")


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
    shows(page, "typed = 1")


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
    with page.expect_response("**/preferences"):  # shown at once, kept a moment later
        page.get_by_role("button", name="Theme: system").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    visit(page)
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    for name in ("Theme: dark", "Theme: light"):
        with page.expect_response("**/preferences"):
            page.get_by_role("button", name=name).click()
    expect(page.locator("html")).to_have_attribute("data-theme", "auto")
