"""Choosing how the pages look."""

from __future__ import annotations

import pytest

from app.models import Preference
from app.routes.preferences import local_path
from tests.app.webs import Client, Web


def kept(web: Web) -> dict[str, object]:
    """What is in the database."""
    with web.db.reading() as session:
        row = session.get(Preference, "local")
        return dict(row.values) if row else {}


def test_a_choice_is_kept_beside_the_others_and_leads_back(web: Web) -> None:
    answer = web.browser(Referer="http://127.0.0.1:8000/katas?q=1").post("/preferences", data={"theme": "dark"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/katas?q=1")
    web.client.post("/preferences", data={"vim": "true", "font_size": "16", "retention": "0.85", "reviews_a_day": "7"})
    web.client.post("/preferences", data={"tz": "Asia/Shanghai", "panes": "0.42,0.3", "theme": "light"})
    assert kept(web) == {
        "theme": "light",
        "vim": True,
        "font_size": 16,
        "retention": 0.85,
        "reviews_a_day": 7,
        "tz": "Asia/Shanghai",
        "panes": "0.42,0.3",
    }


def test_a_script_gets_all_of_them(web: Web) -> None:
    answer = Client(web.app, Accept="application/json").post("/preferences", data={"vim": "on", "unheard": "of"})
    assert (answer.status_code, answer.json()) == (200, {"preferences": {"vim": True}})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("theme", "purple"),
        ("lang", "fr"),
        ("font_size", "4"),
        ("font_size", "1e9"),
        ("font_size", "١٦٠"),
        ("vim", "perhaps"),
        ("retention", "nan"),
        ("retention", "1.1"),
        ("reviews_a_day", "-1"),
        ("tz", "../../etc/passwd"),
        ("tz", "Mars/Olympus"),
        ("panes", "<script>"),
        ("panes", "1" * 100),
    ],
)
def test_what_cannot_be_is_refused(web: Web, name: str, value: str) -> None:
    assert web.client.post("/preferences", data={"vim": "on", name: value}).status_code == 422
    assert kept(web) == {}


def test_the_language_is_by_choice_then_by_cookie_then_by_the_browser(web: Web) -> None:
    chinese = Client(web.app, **{"Accept-Language": "zh-TW"})
    assert 'lang="zh-CN"' in chinese.get("/").text
    chinese.cookies.set("lang", "en")
    assert '<html lang="en"' in chinese.get("/").text
    web.client.post("/preferences", data={"lang": "zh"})
    assert '<html lang="zh-CN"' in chinese.get("/").text
    web.client.post("/preferences", data={"lang": "auto"})
    assert '<html lang="en"' in Client(web.app, **{"Accept-Language": "en"}).get("/").text


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("/katas/x?tab=task", "/katas/x?tab=task"),
        ("http://127.0.0.1:8000/progress", "/progress"),
        ("https://evil.example//x", "/"),
        ("", "/"),
        ("katas", "/"),
        ("http://[", "/"),
    ],
)
def test_the_way_back_stays_here(address: str, path: str) -> None:
    assert local_path(address) == path
