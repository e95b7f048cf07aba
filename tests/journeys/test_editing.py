"""The editor of the kata page in a real browser: keys, completion, marks, and what is remembered of it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from katas.bank import Bank
from tests.journeys.editors import KATA, saved, shows, stored, visit, write

pytestmark = pytest.mark.xdist_group("browser")


def test_tab_indents_and_escape_lets_it_leave(page: Page) -> None:
    visit(page)
    write(page, "x")
    page.keyboard.press("Home")
    page.keyboard.press("Tab")
    shows(page, "    x")
    page.keyboard.press("Escape")
    expect(page.locator(".spoken")).to_contain_text("Tab now leaves the editor")
    page.keyboard.press("Tab")
    expect(page.locator(".cm-content")).not_to_be_focused()
    shows(page, "    x")


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
    page.keyboard.type("F.lay")
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")  # others are offered now, and that one would stand among them
    expect(page.locator(".cm-tooltip-autocomplete li").filter(has_text="linear(")).to_be_visible()
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
    shows(page, "mine")
    page.get_by_role("button", name=re.compile("^reset")).click()
    page.get_by_role("dialog").get_by_role("button", name="Put it back").click()
    expect(page.locator(".cm-content")).to_contain_text("NotImplementedError")
    saved(page)
    assert stored(page)["text"] == Bank.open().kata(KATA).starter
    page.keyboard.press("ControlOrMeta+z")
    shows(page, "mine")


def test_vim_keys_are_loaded_on_demand_and_remembered(page: Page) -> None:
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    visit(page)
    page.wait_for_load_state("networkidle")
    assert not any("/vim-" in url for url in loaded)
    write(page, "one two")
    with page.expect_response("**/preferences"):
        page.get_by_role("button", name="Vim keys").click()
    expect(page.get_by_role("button", name="Vim keys")).to_have_attribute("aria-pressed", "true")
    assert any("/vim-" in url for url in loaded)
    page.keyboard.press("Escape")
    page.keyboard.type("0dwi3 ")
    shows(page, "3 two")
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
    shows(page, "?")
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Ctrl")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
