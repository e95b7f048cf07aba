"""The attacker's page: what any page on the internet, or a program on this machine, may try against the local server."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import time
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import pytest

from app.guard import MIB, Body
from app.models import Kind, State, Submission
from app.queue import Ended, claim, finish
from tests.app.webs import ADDRESS, KATA, Web, listening

SUBMIT = f"/katas/{KATA}/submissions"
EVIL = "https://evil.example"
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'`</textarea></script>"
CHANGES = [
    (SUBMIT, {"data": {"code": "x = 1"}}),
    ("/api/submissions", {"json": {"kata": KATA, "code": "x = 1"}}),
    (f"/api/drafts/{KATA}", {"json": {"base": 0, "device": "d", "steps": []}}),
    ("/api/check", {"json": {"kata": KATA, "code": "x = 1"}}),
    ("/preferences", {"data": {"theme": "dark"}}),
    (f"/katas/{KATA}/answer", {"data": {}}),
    (f"/katas/{KATA}/hints", {"data": {}}),
    ("/progress/delete", {"data": {"sure": "yes"}}),
    ("/progress/import", {"files": {"file": b"{}"}}),
    (f"/review/{KATA}", {"data": {"rating": "good"}}),
]
FOREIGN = [
    {"Origin": EVIL},
    {"Origin": EVIL, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"},
    {"Origin": "null"},  # a sandboxed frame, a data: address, a file
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},  # another port of this machine
    {"Sec-Fetch-Site": "nonsense"},
    {"Origin": "http://127.0.0.1:9999"},  # somebody else's server on this machine
    {"Origin": "http://localhost:8000"},  # another name than the one that was asked
    {"Origin": "http://127.0.0.1:8000.evil.example"},
    {"Origin": "http://evil.example/http://127.0.0.1:8000"},
    {"Origin": "ftp://127.0.0.1:8000"},
    {"Origin": f"{ADDRESS}, {EVIL}"},
    {"Referer": f"{EVIL}/page"},
    {"Referer": "http://127.0.0.1:8000@evil.example/"},
    {"Origin": ADDRESS, "Sec-Fetch-Site": "cross-site"},
]


def nothing_happened(web: Web) -> bool:
    """No row of anything."""
    with web.db.reading() as session:
        tables = Submission.metadata.sorted_tables
        return all(session.execute(table.select().limit(1)).first() is None for table in tables)


@pytest.mark.parametrize(("path", "words"), CHANGES, ids=[path for path, _ in CHANGES])
def test_a_foreign_page_changes_nothing(web: Web, path: str, words: dict[str, Any]) -> None:
    for headers in FOREIGN:
        answer = web.client.post(path, headers=headers, **words)
        assert answer.status_code == 403, headers
        assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert nothing_happened(web)


def test_a_foreign_page_is_told_why_in_the_persons_language(web: Web) -> None:
    answer = web.client.post(SUBMIT, headers={"Origin": EVIL, "Accept-Language": "zh-CN"}, data={"code": "x"})
    assert "其他网站" in answer.text
    error = web.client.post("/api/submissions", headers={"Origin": EVIL}, json={}).json()["error"]
    assert error["code"] == "foreign_page"


def test_two_origins_are_one_too_many(web: Web) -> None:
    headers = [(b"Origin", ADDRESS.encode()), (b"Origin", EVIL.encode())]
    assert web.client.post("/preferences", data={"theme": "dark"}, headers=headers).status_code == 403


@pytest.mark.parametrize("headers", FOREIGN[:9], ids=str)
def test_a_foreign_page_hears_no_events(web: Web, headers: dict[str, str]) -> None:
    row = web.client.post("/api/submissions", json={"kata": KATA, "code": "x = 1"}).json()
    assert web.client.get(row["events"], headers=headers).status_code == 403
    stream = {"Accept": "text/event-stream", **headers}
    assert web.client.get("/api/katas", headers=stream).status_code == 403


@pytest.mark.parametrize("path", ["/", f"/katas/{KATA}", "/api/katas", "/api/submissions", "/static/style.css"])
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_can_lead_here_by_a_link_and_embed_nothing(web: Web, path: str, site: str) -> None:
    link = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert web.client.get(path, headers=link).status_code == 200
    for mode, dest in [("no-cors", "script"), ("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe")]:
        answer = web.client.get(path, headers={**link, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest})
        assert answer.status_code == 403, (mode, dest)


def test_a_rebound_name_gets_nothing(web: Web) -> None:
    rebound = {"Host": "evil.example:8000", "Origin": "http://evil.example:8000", "Sec-Fetch-Site": "same-origin"}
    for path in ("/", "/api/katas", "/api/submissions", "/api/health", "/static/style.css"):
        answer = web.client.get(path, headers=rebound)
        assert answer.status_code == 400
        assert "masked_softmax" not in answer.text
    assert web.client.post("/api/submissions", headers=rebound, json={"kata": KATA, "code": "x"}).status_code == 400
    assert nothing_happened(web)


def test_a_preflight_is_not_granted(web: Web) -> None:
    headers = {
        "Origin": EVIL,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
        "Access-Control-Request-Private-Network": "true",
    }
    answer = web.client.request("OPTIONS", "/api/submissions", headers=headers)
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_no_method_but_post_changes_anything(web: Web) -> None:
    paths = [path for path, _ in CHANGES]
    for path in paths:
        for method in ("GET", "HEAD"):
            web.client.request(method, f"{path}?code=x&kata={KATA}&theme=dark&sure=yes")
        for method in ("PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "POSTER"):
            assert web.client.request(method, path).status_code in (404, 405), (method, path)
        override = {"X-HTTP-Method-Override": "POST", "X-HTTP-Method": "POST", "X-Method-Override": "POST"}
        web.client.get(f"{path}?_method=POST", headers=override)
    assert nothing_happened(web)


def test_code_smuggled_in_another_type_is_refused(web: Web) -> None:
    # A form with enctype=text/plain, whose field is named like the beginning of an object
    body = '{"kata": "masked_softmax", "code": "x = 1", "pad": "=x"}'
    for kind in ("text/plain", "text/plain; charset=application/json", "multipart/form-data; boundary=x", ""):
        assert web.client.post("/api/submissions", content=body, headers={"Content-Type": kind}).status_code == 415
    assert nothing_happened(web)


# -- what a person is shown ------------------------------------------------------------------------------------------


class Markup(HTMLParser):
    """Collects what a browser would run: inline scripts, handlers, styles in attributes, javascript: addresses."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One tag."""
        given = dict(attrs)
        if tag == "script" and "src" not in given and given.get("type") != "application/json":
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on") or name == "style" or (value or "").strip().lower().startswith("javascript:"):
                self.found.append(f"<{tag} {name}={value}>")


def harmless(page: str) -> bool:
    """Nothing of SCRIPT became markup."""
    return Markup(page).found == [] and "<script>alert" not in page and "<img src=x" not in page


def test_html_in_code_and_snippet_stays_text(web: Web) -> None:
    browser = web.browser()
    for code, status in ((SCRIPT, 303), (SCRIPT + "\0", 422), ("", 422)):
        answer = browser.post(SUBMIT, data={"code": code, "snippet": SCRIPT, "kind": "try"})
        assert answer.status_code == status
        assert harmless(answer.text)
        if status == 303:
            page = browser.get(answer.headers["location"])
            assert page.status_code == 200
            assert harmless(page.text)


def test_html_in_the_draft_stays_text(web: Web) -> None:
    step = {"kind": "paste", "text": SCRIPT, "digest": hashlib.sha256(SCRIPT.encode()).hexdigest()}
    answer = web.client.post(f"/api/drafts/{KATA}", json={"base": 0, "device": SCRIPT[:40], "steps": [step]})
    assert answer.status_code == 200
    page = web.browser().get(f"/katas/{KATA}")
    assert page.status_code == 200
    assert harmless(page.text)


def report(**changes: Any) -> str:
    """A failed report in which everything that a submission can write says SCRIPT."""
    text = {"en": SCRIPT, "zh": SCRIPT}
    case = {
        "name": SCRIPT,
        "title": text,
        "group": "correctness",
        "visible": True,
        "status": "error",
        "message": text,
        "where": SCRIPT,
        "shapes": [{"name": SCRIPT, "dims": [1], "axes": [SCRIPT], "dtype": SCRIPT}],
        "traceback": [SCRIPT, f"solution.py:1 in f: {SCRIPT}"],
    }
    return json.dumps(
        {
            "schema_version": 1,
            "file": SCRIPT,
            "submission_digest": "0" * 64,
            "kata": KATA,
            "kata_digest": "0" * 64,
            "verdict": "error",
            "message": text,
            "judged_cases": 1,
            "score": {"total": 0.0},
            "cases": [case],
            "diagnosis": [{"id": "x", "title": text, "text": text, "evidence": [SCRIPT]}],
            "policy": [{"rule": SCRIPT, "line": 1, "text": SCRIPT}],
            "output": {"stdout": SCRIPT, "stderr": SCRIPT + "\x1b[31m\x00"},
            "seed": "1",
            "started": "2026-01-01T00:00:00Z",
            "seconds": 0.1,
            **changes,
        }
    )


def judged(web: Web, text: str, code: str = SCRIPT) -> str:
    """A submission whose report is `text`; its id."""
    name: str = web.client.post("/api/submissions", json={"kata": KATA, "code": code}).json()["id"]
    row = claim(web.db)
    assert row is not None
    assert row.token is not None
    assert row.kind == Kind.GRADE
    assert finish(web.db, row.id, row.token, Ended(State.DONE, "error", 0.0, text))
    return name


def test_html_in_names_messages_and_output_stays_text(web: Web) -> None:
    name = judged(web, report())
    for path in (f"/submissions/{name}", f"/submissions/{name}/result", "/history", f"/katas/{KATA}"):
        for lang in ("en", "zh"):
            page = web.browser(**{"Accept-Language": lang}).get(path)
            assert page.status_code == 200, path
            assert harmless(page.text), path


def test_html_in_addresses_stays_text(web: Web) -> None:
    for path in (
        f"/katas/{quote(SCRIPT, safe='')}",
        f"/submissions/{quote(SCRIPT, safe='')}",
        f"/{quote(SCRIPT)}",
        f"/?q={quote(SCRIPT)}&track={quote(SCRIPT)}&level={quote(SCRIPT)}",
        f"/katas/{KATA}?tab={quote(SCRIPT)}",
    ):
        page = web.browser().get(path)
        assert page.status_code in (200, 404), path
        assert harmless(page.text), path
    host = web.client.get("/", headers={"Host": "<script>alert(1)</script>"})
    assert harmless(host.text)


def test_json_is_never_taken_for_a_page(web: Web) -> None:
    name = judged(web, report())
    answer = web.client.get(f"/api/submissions/{name}")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/ok\r\nSet-Cookie: a=b",
        "http:evil.example",
        "/%0d%0aX: y\u0085",
    ],
)
def test_going_back_leads_nowhere_else(web: Web, address: str) -> None:
    answer = web.client.post("/preferences", data={"theme": "dark", "next": address})
    assert answer.status_code == 303
    target = answer.headers["location"]
    assert target.startswith("/")
    assert not target.startswith(("//", "/\\"))
    assert "\r" not in target
    assert "set-cookie" not in answer.headers


def test_headers_cannot_be_injected_by_an_address(web: Web) -> None:
    for path in ("/katas/x%0d%0aSet-Cookie:%20a=b/submissions", "/submissions/x%0d%0aX-Evil:%20y/cancel"):
        for method in ("GET", "POST"):
            answer = web.client.request(method, path)
            assert "set-cookie" not in answer.headers
            assert "x-evil" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "/static/../web.py",
        "/static/..%2fweb.py",
        "/static/%2e%2e/web.py",
        "/static/%2e%2e%2f%2e%2e%2fpyproject.toml",
        "/static/....//web.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/..\\web.py",
        "/static/style.css%00.js",
        "/static/",
        "/static/.",
        "/static/dist",
        "/static/~root",
        "/katas/..%2f..%2fetc",
        "/katas/%2e%2e",
        "/api/katas/..%2fmasked_softmax",
        "/submissions/..%2f..%2ftorchkata.db",
    ],
)
def test_no_path_leads_out_of_its_folder(web: Web, path: str) -> None:
    answer = web.client.get(path)
    assert answer.status_code in (307, 400, 404)
    assert answer.headers.get("location", ADDRESS).startswith(ADDRESS)
    assert "import" not in answer.text
    assert "root:" not in answer.text


def test_cookies_are_not_sent_to_other_sites_nor_read_by_scripts(web: Web) -> None:
    cookie = web.client.post("/preferences", data={"lang": "zh"}).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert re.search("SameSite=(lax|strict)", cookie, re.IGNORECASE)


def test_a_cookie_of_anybodys_making_does_no_harm(web: Web) -> None:
    for value in ("<script>", "../../etc/passwd", "zh;en", "x" * 3000, '"', "\x7f"):
        page = web.client.get("/", headers={"Cookie": f"lang={value}; tz={value}; theme={value}"})
        assert page.status_code == 200
        assert harmless(page.text)


# -- a real socket ---------------------------------------------------------------------------------------------------


def spoken(address: tuple[str, int], *parts: bytes, pause: float = 0.0, patience: float = 120.0) -> bytes:
    """Says the parts, with a pause between, and gives what came back until the server closed."""
    with socket.create_connection(address, timeout=patience) as connection:
        for part in parts:
            try:
                connection.sendall(part)
            except (BrokenPipeError, ConnectionResetError):
                break
            time.sleep(pause)
        heard = b""
        try:
            while data := connection.recv(65536):
                heard += data
        except (ConnectionResetError, TimeoutError):
            pass
        return heard


def head(address: tuple[str, int], length: str) -> bytes:
    """The beginning of a submission."""
    return (
        f"POST {SUBMIT} HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\n{length}\r\nConnection: close\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    ).encode()


@pytest.mark.slow
def test_a_body_that_never_ends_is_given_up(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.guard.QUIET", 0.3)
    with listening(web) as address:
        heard = spoken(address, head(address, "Content-Length: 100000"), b"code=x")
        assert heard.startswith(b"HTTP/1.1 408 ")
        assert b"connection: close" in heard.lower()
    assert nothing_happened(web)


@pytest.mark.slow
def test_a_body_that_trickles_is_given_up(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.guard.BODIES", (("", Body(MIB, 0.6)),))
    with listening(web) as address:
        heard = spoken(address, head(address, "Content-Length: 100000"), *[b"x"] * 20, pause=0.1)
        assert heard.startswith(b"HTTP/1.1 408 ")
    assert nothing_happened(web)


@pytest.mark.slow
def test_giants_are_told_so_before_they_are_swallowed(web: Web) -> None:
    with listening(web) as address:
        heard = spoken(address, head(address, "Content-Length: 99999999999"), b"code=" + b"x" * 65536)
        assert heard.startswith(b"HTTP/1.1 413 ")
        # Two megabytes are read and dropped, so that a browser gets to see why.
        heard = spoken(address, head(address, f"Content-Length: {2 * MIB}"), b"x" * (2 * MIB))
        assert heard.startswith(b"HTTP/1.1 413 ")
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        heard = spoken(address, head(address, "Transfer-Encoding: chunked"), *[chunk] * 400)
        assert heard == b"" or heard.startswith(b"HTTP/1.1 413 ")
        health = spoken(address, b"GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert health.startswith(b"HTTP/1.1 200 ")
    assert nothing_happened(web)


@pytest.mark.slow
def test_requests_cannot_be_smuggled_in_one_another(web: Web) -> None:
    with listening(web) as address:
        smuggled = b"POST /preferences HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for both in ("Content-Length: 5\r\nTransfer-Encoding: chunked", "Content-Length: 5\r\nContent-Length: 60"):
            heard = spoken(address, head(address, both), b"0\r\n\r\n" + smuggled)
            assert heard.count(b"HTTP/1.1") <= 1
            assert not heard.startswith(b"HTTP/1.1 2")
        for raw in (
            b"GET / HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.0\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
            b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"GET / HTTP/1.1\r\nHost: local\x00host\r\n\r\n",
        ):
            heard = spoken(address, raw, patience=2.0)
            assert b" 200 " not in heard.split(b"\r\n")[0], raw
    assert nothing_happened(web)
