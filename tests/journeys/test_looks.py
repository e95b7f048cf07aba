"""What a page shows that no single view proves: pictures that are drawn and read, states that follow what was done."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from katas.answer import answer_source
from katas.bank import Bank
from tests.journeys.conftest import Server, eventually
from tests.journeys.sights import read_on

pytestmark = pytest.mark.xdist_group("browser")
FRESH = "causal_self_attention"  # that no other test on the shared server touches


def test_a_heat_map_in_a_text_is_drawn_also_after_a_change_of_tab_and_read_by_keys(page: Page) -> None:
    read_on(page, "positional_encoding_what", "answer")
    page.get_by_role("link", name="Analysis", exact=True).click()
    stage = page.locator(".pic-stage")
    expect(stage.locator("canvas")).to_be_visible()
    expect(stage).to_have_attribute("aria-label", "Heat map of table, L=64, D=64. Arrow keys move from cell to cell.")
    readout = page.locator(".pic-readout")
    expect(readout).to_have_css("display", "flex")  # its style sheet came with the page
    stage.focus()
    page.keyboard.press("ArrowRight")
    expect(readout).to_have_text("[l=0, d=1]1")
    page.keyboard.press("ArrowDown")
    expect(readout).to_have_text("[l=1, d=1]0.5403")  # cos 1


def test_curves_and_their_numbers_need_no_script(browser: Browser, server: Server) -> None:
    context = browser.new_context(base_url=server.url, locale="zh-CN", java_script_enabled=False)
    page = context.new_page()
    read_on(page, "attention_complexity", "answer")
    figure = page.locator("figure.picture").first
    expect(figure.get_by_role("img", name="随 L 变化的曲线；具体数字见下面的表格。")).to_be_visible()
    expect(figure.locator("polyline")).to_have_count(2)
    figure.locator("summary").click()
    row = figure.get_by_role("row", name="1,024")
    assert row.get_by_role("cell").all_text_contents() == ["2.15 × 10⁹", "2.15 × 10⁹"]
    context.close()


def test_slash_goes_to_the_search_on_the_first_page_and_on_others(page: Page) -> None:
    for path in ("/", "/history"):
        page.goto(path)
        page.keyboard.press("/")
        expect(page.locator("#search")).to_be_focused()


def test_the_dialog_of_keys_begins_at_its_beginning_and_shows_where_the_focus_is(page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 600})
    page.goto("/about")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog.get_by_role("heading", name="Everywhere")).to_be_in_viewport()
    close = dialog.get_by_role("button", name="Close")
    expect(close).to_be_focused()
    expect(close).to_be_in_viewport(ratio=1)


def test_a_verdict_changes_what_the_page_says_of_the_kata_and_leads_on(page: Page) -> None:
    kata = Bank.open().kata(FRESH)
    page.goto(f"/katas/{FRESH}")
    facts = page.locator("[data-pane=text] .facts")
    expect(facts).to_contain_text("Not begun")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(answer_source(kata))
    page.keyboard.press("Control+Shift+Enter")
    expect(page.locator("[data-result] .mark.pass").first).to_have_text("Passed", timeout=60_000)
    expect(facts).to_contain_text("Solved")
    expect(facts).to_contain_text("best 100")
    following = Bank.open().kata(kata.follow_ups[0])
    page.get_by_role("link", name=f"Next: {following.title['en']}").click()
    page.wait_for_url(f"**/katas/{following.id}")


def test_a_mistyped_address_leads_to_the_page_by_its_name(page: Page) -> None:
    page.goto("/katas/layer_nrom")
    expect(page.get_by_role("main").get_by_role("link", name="Layer normalisation")).to_be_visible()
    page.goto("/histroy")
    page.get_by_role("main").get_by_role("link", name="History").click()
    page.wait_for_url("**/history")


def test_a_file_that_cannot_be_imported_leads_back_to_where_another_is_chosen(page: Page) -> None:
    page.goto("/progress")
    page.set_input_files("input[type=file]", {"name": "x.json", "mimeType": "application/json", "buffer": b"{no"})
    page.click("form[action='/progress/import'] button")
    page.get_by_role("main").get_by_role("link", name="Progress").click()
    page.wait_for_url("**/progress")
    eventually(page, "document.querySelector('input[type=file]') !== null")


def test_a_page_prints_its_text_and_no_controls(page: Page) -> None:
    page.goto("/katas/layer_norm?tab=task")
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator("#part")).to_be_visible()
    for hidden in (".top", ".tabs", ".foot", "[data-pane=code]", "[data-pane=results]"):
        expect(page.locator(hidden).first).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
