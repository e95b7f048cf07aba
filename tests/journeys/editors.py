"""The kata page as somebody uses it who types, pastes and sends."""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import Page, expect

from katas.answer import answer_source
from katas.bank import Bank
from tests.journeys.conftest import PATIENCE

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


def shows(page: Page, text: str) -> None:
    """Waits until the editor has this text; a short one, for a long one is not all in the page."""
    end = time.monotonic() + PATIENCE
    while (now := "\n".join(page.locator(".cm-holder .cm-line").all_text_contents())) != text:
        assert time.monotonic() < end, now
        page.wait_for_timeout(20)


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
    expect(page.locator(STATUS)).to_have_attribute("data-state", "saved")


def keys(page: Page, prefix: str) -> list[str]:
    """What this browser keeps under names that begin with `prefix`."""
    found: list[str] = page.evaluate("(p) => Object.keys(localStorage).filter((key) => key.startsWith(p))", prefix)
    return found


def result(page: Page) -> None:
    """Waits for the result in its pane."""
    expect(page.locator("[data-result] [data-state=done]")).to_be_visible()
