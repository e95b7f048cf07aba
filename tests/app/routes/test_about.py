"""What torchkata is, and its keys."""

from __future__ import annotations

import re

import pytest

from app.routes.about import KEYS
from tests.app.webs import Web


def test_it_says_what_is_installed_and_that_nothing_leaves_the_machine(web: Web) -> None:
    page = web.client.get("/about").text
    assert f"<dd>{web.site.version}</dd>" in page
    assert f"<dd>{len(web.site.bank.ids())}</dd>" in page
    assert "not running" in page
    assert "Nothing is sent anywhere." in page


def test_every_key_is_listed(web: Web) -> None:
    page = web.client.get("/keys").text
    for title, keys in KEYS:
        assert f"<h2>{title}</h2>" in page
        for strokes, what in keys:
            assert what in page
            assert all(f"<kbd>{stroke}</kbd>" in page for stroke in strokes)


@pytest.mark.parametrize(
    "path", ["/", "/about", "/keys", "/history", "/review", "/progress", "/katas/layer_norm", "/nowhere"]
)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_page_has_its_landmarks_one_heading_and_no_inline_script_or_style(web: Web, path: str, lang: str) -> None:
    page = web.browser(**{"Accept-Language": lang}).get(path).text
    assert f'<html lang="{"zh-CN" if lang == "zh" else "en"}"' in page
    for part in ("<header", "<nav", '<main id="main"', "<title>", 'class="skip" href="#main"'):
        assert part in page
    assert page.count("<h1") == 1
    bare = re.sub(r"<pre.*?</pre>|<textarea.*?</textarea>", "", page, flags=re.DOTALL)
    assert not re.search(r"\s(style|on\w+)=", bare)
    assert "<style" not in bare
    assert not re.search(r"https?://(?!www\.w3\.org)", bare), "nothing comes from another host"
    for script in re.findall(r"<script[^>]*>", bare):
        assert 'type="application/json"' in script or 'src="/static/' in script
