"""A learner's way through the pages by keyboard alone: find a kata, take a hint, fail, understand, pass, read the answer."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from katas.answer import answer_source
from katas.bank import Bank

pytestmark = pytest.mark.xdist_group("browser")
KATA = "masked_softmax"


@pytest.fixture
def tab(context: BrowserContext) -> Page:
    """A tab; Chinese is chosen in it, not asked for by the browser."""
    return context.new_page()


def tab_to(page: Page, what: str, most: int = 60) -> None:
    """Presses Tab until the focus is on it; whoever has no mouse gets there so, or not at all."""
    for _ in range(most):
        if page.evaluate("(what) => document.activeElement?.matches(what) ?? false", what):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{what} cannot be reached by Tab from {page.url}")


def type_over(page: Page, code: str) -> None:
    """Replaces the code, as a paste does: typing would indent by itself."""
    tab_to(page, ".cm-content")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(code)


def test_from_the_first_page_to_the_answer_without_a_mouse(tab: Page) -> None:
    kata = Bank.open().kata(KATA)
    tab.goto("/")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.matches('.skip')"), "the first stop skips to the content"
    tab_to(tab, "#search")
    tab.keyboard.type("masked softmax")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/?*q=masked+softmax*")
    tab_to(tab, f"a[href='/katas/{KATA}']")
    tab.keyboard.press("Enter")
    tab.wait_for_url(f"**/katas/{KATA}")

    tab_to(tab, "a[href$='tab=hints']")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**?tab=hints")
    expect(tab.locator("form[action*='/hints'] button")).to_be_visible()  # the text is exchanged without a new page
    tab_to(tab, "form[action*='/hints'] button")
    tab.keyboard.press("Enter")
    expect(tab.locator("#hint-1")).to_be_visible()
    expect(tab.locator("#hint-2")).to_have_count(0)

    type_over(tab, kata.mistakes[0].source)
    tab.keyboard.press("Control+Shift+Enter")
    result = tab.locator("[data-result]")
    expect(result.get_by_text("Not passed").first).to_be_visible()
    expect(result.get_by_text("Likely")).to_be_visible()
    expect(result.locator("details.case[open]")).to_have_count(1)
    assert tab.evaluate("document.activeElement.matches('.cm-content')"), "the focus stayed where the person was"

    type_over(tab, answer_source(kata))
    tab.keyboard.press("Control+Shift+Enter")
    expect(result.get_by_text("Every case passes", exact=False)).to_be_visible()
    tab.keyboard.press("Escape")
    tab.keyboard.press("Tab")
    assert not tab.evaluate("document.activeElement.matches('.cm-content')"), "Escape, then Tab leaves the editor"

    tab.goto(f"/katas/{KATA}?tab=answer")
    expect(tab.get_by_text("def masked_softmax").first).to_be_visible()
    tab.goto("/")
    expect(tab.locator("li", has_text="Masked softmax").get_by_text("Solved")).to_be_visible()


def test_giving_up_asks_once_is_noted_and_is_undone_by_solving(tab: Page) -> None:
    kata = Bank.open().kata("layer_norm")
    tab.goto("/katas/layer_norm?tab=pitfalls")
    expect(tab.get_by_text("This part gives the answer away.")).to_be_visible()
    tab_to(tab, "form[action$='/answer'] button")
    tab.keyboard.press("Enter")
    expect(tab.get_by_text("class LayerNorm").first).to_be_visible()
    tab.goto("/")
    row = tab.locator("li", has_text="Layer normalisation")
    expect(row.get_by_text("Answer opened")).to_be_visible()
    answer = tab.request.post("/api/submissions", data={"kata": "layer_norm", "code": answer_source(kata)})
    tab.goto(f"/submissions/{answer.json()['id']}")
    expect(tab.locator("[data-state=done]").first).to_be_visible()
    tab.goto("/")
    expect(row.get_by_text("Solved")).to_be_visible()


def test_language_and_theme_are_chosen_once_and_kept(tab: Page) -> None:
    tab.goto("/")
    tab_to(tab, "button[name=lang]")
    tab.keyboard.press("Enter")
    expect(tab.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(tab.get_by_role("link", name="题目", exact=True)).to_be_visible()
    tab.goto("/progress")
    expect(tab.locator("html")).to_have_attribute("lang", "zh-CN")
    tab_to(tab, "button[name=theme]")
    with tab.expect_response("**/preferences"):  # shown at once, kept a moment later
        tab.keyboard.press("Enter")
    expect(tab.locator("html")).to_have_attribute("data-theme", "dark")
    tab.goto("/about")
    expect(tab.locator("html")).to_have_attribute("data-theme", "dark")
    tab_to(tab, "button[name=lang]")
    tab.keyboard.press("Enter")
    expect(tab.locator("html")).to_have_attribute("lang", "en")


def test_an_unknown_kata_names_the_nearest(tab: Page) -> None:
    answer = tab.goto("/katas/layer_nrom")
    assert answer is not None
    assert answer.status == 404
    tab_to(tab, "a[href='/katas/layer_norm']")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/katas/layer_norm")
