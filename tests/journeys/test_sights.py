"""Every page in both languages and both themes: axe-core finds nothing, nothing overflows, and pictures of it are kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.conftest import ROOT, Server
from tests.journeys.sights import SIGHTS, Sight, see

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = Path(os.environ.get("TORCHKATA_TEST_ARTEFACTS") or ROOT / "build" / "screenshots")
WIDTHS = {390: 844, 1440: 900}

pytestmark = pytest.mark.xdist_group("browser")


# Text that stands one or two characters wide and many lines high: a column was squeezed to nothing.
SQUEEZED = """[...document.querySelectorAll("main :is(a, p, li, th, td, h1, h2, h3)")].filter((element) => {
    const { width, height } = element.getBoundingClientRect();
    return element.textContent.trim().length > 3 && width > 2 && height > 80 && height > 3 * width;
}).map((element) => element.textContent.trim().slice(0, 30))"""


LOOKS = [(lang, theme) for lang in ("en", "zh") for theme in ("light", "dark")]


def looks() -> Iterator[Any]:
    """Every page in every look; `make test` takes each page in one look, and each look for every fourth page."""
    for n, sight in enumerate(SIGHTS):
        for m, (lang, theme) in enumerate(LOOKS):
            marks = [] if n % len(LOOKS) == m else [pytest.mark.long]
            yield pytest.param(sight, lang, theme, id=f"{sight.name}-{lang}-{theme}", marks=marks)


@pytest.mark.parametrize(("sight", "lang", "theme"), list(looks()))
def test_axe_finds_nothing_and_nothing_overflows(
    browser: Browser, server: Server, sight: Sight, lang: str, theme: Literal["light", "dark"]
) -> None:
    # axe is put in from outside, which the content policy would not let a page do.
    locale = {"en": "en-GB", "zh": "zh-CN"}[lang]
    context = browser.new_context(
        base_url=server.url, locale=locale, color_scheme=theme, bypass_csp=True, reduced_motion="reduce"
    )
    tab = context.new_page()
    tab.set_viewport_size({"width": 1440, "height": 900})
    see(tab, sight)
    PICTURES.mkdir(parents=True, exist_ok=True)
    found = []
    for width, height in WIDTHS.items():
        tab.set_viewport_size({"width": width, "height": height})
        tab.screenshot(path=PICTURES / f"{sight.name}-{lang}-{theme}-{width}.png", full_page=True)
        wide = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            found.append(f"{wide} px wider than a window of {width}")
        found += [f"squeezed at {width}: {text}" for text in tab.evaluate(SQUEEZED)]
    tab.add_script_tag(path=AXE)
    for violation in tab.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]:
        places = "; ".join(str(node["target"]) + " " + node["failureSummary"] for node in violation["nodes"][:3])
        found.append(f"{violation['id']}: {violation['help']}: {places}")
    context.close()
    assert not found, "\n".join(found)


@pytest.mark.parametrize("sight", SIGHTS[:13], ids=lambda sight: sight.name)
@pytest.mark.parametrize("width", [360, 2560])
def test_the_narrowest_and_the_widest_window_fit(page: Page, sight: Sight, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    see(page, sight)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{wide} px wider than the window"
