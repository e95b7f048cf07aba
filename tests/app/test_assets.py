"""Static files: fixed addresses, packed forms, nothing outside the folder."""

from __future__ import annotations

import asyncio
import gzip
import os
import threading
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from app.assets import FOREVER, Assets


@pytest.fixture
def assets(tmp_path: Path) -> Assets:
    """A folder with a style sheet and a built script."""
    (tmp_path / "dist").mkdir()
    (tmp_path / "style.css").write_text("a {}", encoding="utf-8")
    (tmp_path / "dist" / "kata.js").write_text("let a = 1;", encoding="utf-8")
    return Assets(tmp_path)


def get(assets: Assets, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    """Asks for a file."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(Starlette(routes=[Mount("/static", assets)]))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, headers={"Accept-Encoding": "identity", **headers})

    return asyncio.run(ask())


def test_an_address_changes_with_the_content(assets: Assets) -> None:
    before = assets.address("kata.js")
    assert before.startswith("/static/dist/kata.js?v=")
    assert assets.address("kata.js") == before
    (assets.folder / "dist" / "kata.js").write_text("let a = 22;", encoding="utf-8")
    assert assets.address("kata.js") != before
    assert assets.address("style.css").startswith("/static/style.css?v=")
    assert assets.address("nowhere.js") == "/static/nowhere.js"


def test_an_address_with_the_right_digest_may_be_kept_for_good(assets: Assets) -> None:
    answer = get(assets, assets.address("kata.js"))
    assert (answer.status_code, answer.text) == (200, "let a = 1;")
    assert answer.headers["cache-control"] == FOREVER
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    for stale in ("/static/dist/kata.js", "/static/dist/kata.js?v=old", "/static/dist/kata.js?v="):
        assert get(assets, stale).headers["cache-control"] == "no-cache"


def test_what_the_browser_has_is_not_sent_again(assets: Assets) -> None:
    tag = get(assets, "/static/style.css").headers["etag"]
    again = get(assets, "/static/style.css", **{"If-None-Match": f'W/"x", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag


def test_the_smallest_packed_form_is_sent(assets: Assets) -> None:
    packed = assets.folder / "dist" / "kata.js.gz"
    packed.write_bytes(gzip.compress(b"let a = 1;"))
    answer = get(assets, assets.address("kata.js"), **{"Accept-Encoding": "gzip, br"})
    assert (answer.headers["content-encoding"], answer.text) == ("gzip", "let a = 1;")
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    for accepted in ("identity", "gzip;q=0", "gzip; q=0.0, br"):
        plain = get(assets, assets.address("kata.js"), **{"Accept-Encoding": accepted})
        assert ("content-encoding" in plain.headers, plain.text) == (False, "let a = 1;")
    assert get(assets, "/static/dist/kata.js.gz").status_code == 404


def test_a_text_that_the_build_did_not_pack_is_packed_once(assets: Assets) -> None:
    style = assets.folder / "style.css"
    style.write_text("a { color: red }\n" * 100, encoding="utf-8")
    answer = get(assets, assets.address("style.css"), **{"Accept-Encoding": "gzip, br"})
    assert (answer.headers["content-encoding"], answer.text) == ("gzip", style.read_text(encoding="utf-8"))
    assert int(answer.headers["content-length"]) < style.stat().st_size
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == FOREVER
    style.write_text("b { color: blue }\n" * 100, encoding="utf-8")
    assert get(assets, "/static/style.css", **{"Accept-Encoding": "gzip"}).text.startswith("b")
    assert "content-encoding" not in get(assets, "/static/style.css").headers


def test_files_are_read_outside_the_event_loop(assets: Assets, monkeypatch: pytest.MonkeyPatch) -> None:
    threads, find = [], assets._find

    def noted(path: str) -> Path:
        threads.append(threading.current_thread())
        return find(path)

    monkeypatch.setattr(assets, "_find", noted)
    assert get(assets, "/static/style.css").status_code == 200
    assert threading.main_thread() not in threads
    assert threads


def test_a_packed_form_that_is_older_than_the_file_is_not_sent(assets: Assets) -> None:
    packed = assets.folder / "dist" / "kata.js.gz"
    packed.write_bytes(gzip.compress(b"let a = 0;"))
    os.utime(packed, (1, 1))
    answer = get(assets, assets.address("kata.js"), **{"Accept-Encoding": "gzip"})
    assert answer.text == "let a = 1;"


def test_links_lead_nowhere(assets: Assets, tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    (assets.folder / "link.txt").symlink_to(secret)
    (assets.folder / "loop").symlink_to("loop")
    for path in ("link.txt", "loop", "dist", "", "nowhere"):
        assert get(assets, f"/static/{path}").status_code == 404


def test_only_reading_is_allowed(assets: Assets) -> None:
    for method in ("POST", "PUT", "DELETE"):
        answer = get(assets, "/static/style.css", method)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert get(assets, "/static/style.css", "HEAD").status_code == 200
