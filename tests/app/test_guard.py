"""The guard: hosts, sizes, rates, types and headers. What an attacker's page does is in test_attacker.py."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.types import Message

from app.guard import BODIES, HEADERS, KIB, RATES, Hosts, Rate, Rates
from tests.app.webs import ADDRESS, KATA, Web, a_web


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8000", "localhost:9", "LOCALHOST", "[::1]:8000", "localhost.:8000"]
)
def test_loopback_has_these_names(host: str) -> None:
    assert Hosts.of("127.0.0.1").know(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:8000",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "192.168.0.7",
        "user@127.0.0.1",
        "127.0.0.1@evil.example",
        "127.0.0.1/evil",
        "127.0.0.1#evil",
        "127.0.0.1:port",
        "127.0.0.1:99999999",
        "127.0.0.1, evil.example",
        "[::1",
        "0.0.0.0",
    ],
)
def test_no_other_name_is_ours(host: str) -> None:
    assert not Hosts.of("127.0.0.1").know(host)


def test_the_bound_name_and_those_of_the_setting_are_ours() -> None:
    hosts = Hosts.of("192.168.0.7", ("kata.lan", "Other.LAN."))
    assert hosts.know("192.168.0.7:8000")
    assert hosts.know("kata.lan")
    assert hosts.know("other.lan:80")
    assert not hosts.know("third.lan")


def test_bound_to_every_interface_any_address_is_ours_but_no_name() -> None:
    hosts = Hosts.of("0.0.0.0")
    assert hosts.know("10.0.0.3:8000")
    assert hosts.know("[fe80::1]:8000")
    assert not hosts.know("evil.example")


def test_a_request_for_another_name_is_refused_and_told_the_cure(web: Web) -> None:
    answer = web.client.get("/", headers={"Host": "kata.lan"})
    assert answer.status_code == 400
    assert "kata.lan" in answer.text
    assert "hosts" in answer.text


def test_a_name_of_the_setting_is_answered(tmp_path: Path) -> None:
    with a_web(tmp_path / "d", hosts=("kata.lan",)) as web:
        assert web.client.get("/", headers={"Host": "kata.lan"}).status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/api/katas", "/api/nowhere", f"/katas/{KATA}", "/static/style.css", "/static/nowhere.js"]
)
def test_every_answer_has_the_headers_and_none_of_cors(web: Web, path: str) -> None:
    answer = web.client.get(path)
    for name, value in HEADERS:
        assert answer.headers[name.decode()] == value.decode()
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "cache-control" in answer.headers
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_nonce_is_never_used_twice(web: Web) -> None:
    nonces = {
        re.findall(r"'nonce-([^']+)'", web.client.get("/").headers["content-security-policy"])[0] for _ in range(5)
    }
    assert len(nonces) == 5


def test_what_went_wrong_has_the_headers_too(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web.site.bank, "sound", lambda: 1 / 0)
    answer = web.client.get("/api/katas")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "fault"
    assert "ZeroDivisionError" not in answer.text
    assert answer.headers["x-frame-options"] == "DENY"
    assert list((web.site.settings.data / "faults").iterdir())


def test_head_is_answered_as_get_without_its_body(web: Web) -> None:
    answer = web.client.request("HEAD", "/api/katas")
    assert answer.status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", "", "application/json2", "text/json"])
def test_json_under_another_type_is_refused(web: Web, kind: str) -> None:
    body = '{"kata": "masked_softmax", "code": "x = 1"}'
    answer = web.client.post("/api/submissions", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 415
    assert web.client.post("/preferences", content=body, headers={"Content-Type": kind}).status_code == 415


def test_a_form_is_not_taken_by_the_api(web: Web) -> None:
    assert web.client.post("/api/submissions", data={"kata": KATA, "code": "x"}).status_code == 415


def test_a_body_of_more_than_its_limit_is_refused(web: Web) -> None:
    limit = next(body.size for prefix, body in BODIES if not prefix)
    answer = web.client.post(f"/katas/{KATA}/submissions", data={"code": "x" * limit})
    assert answer.status_code == 413
    assert str(limit // KIB) in answer.text


def test_a_body_without_a_length_is_counted_while_it_comes(web: Web) -> None:
    limit = next(body.size for prefix, body in BODIES if not prefix)

    async def chunks() -> AsyncIterator[bytes]:
        yield b"code="
        for _ in range(limit // 65536 + 1):
            yield b"x" * 65536

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert web.client.post(f"/katas/{KATA}/submissions", content=chunks(), headers=headers).status_code == 413


@pytest.mark.parametrize("length", ["-1", "+5", "1e3", "٣", "5, 5", "0x10"])
def test_a_length_that_is_no_number_is_refused(web: Web, length: str) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", b"Content-Length": length.encode()}
    assert web.client.post("/preferences", content=b"x=1", headers=headers).status_code == 400


def test_long_addresses_and_headers_are_refused(web: Web) -> None:
    assert web.client.get("/?" + "q" * 5000).status_code == 414
    assert web.client.get("/", headers={"X-Long": "x" * 40_000}).status_code == 431
    assert web.client.get("/", headers={f"X-{n}": "x" for n in range(120)}).status_code == 431


class Clock:
    """A clock that is moved by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_empties_and_fills_again() -> None:
    clock = Clock()
    rates = Rates((("", Rate(3, 0.5)),), clock)
    assert [rates.take("a", "/x") for _ in range(3)] == [0, 0, 0]
    assert rates.take("a", "/x") == pytest.approx(2.0)
    assert rates.take("b", "/x") == 0
    clock.now += 2.0
    assert rates.take("a", "/x") == 0
    assert rates.take("a", "/x") > 0


def test_clients_are_not_remembered_for_ever() -> None:
    rates = Rates()
    for number in range(5000):
        rates.take(f"client {number}", "/x")
    assert len(rates.buckets) <= 4096


def test_who_asks_too_often_is_told_when_to_come_back(tmp_path: Path) -> None:
    with a_web(tmp_path / "d", rates=Rates((("", Rate(2, 0.1)),))) as web:
        answers = [web.client.post("/preferences", data={"vim": "on"}) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [303, 303, 429]
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 11
        assert web.client.get("/").status_code == 200  # reading goes on


def test_two_hundred_submissions_at_once_are_within_the_rate() -> None:
    rates = Rates(RATES, Clock())
    assert all(rates.take("a", f"/katas/{KATA}/submissions") == 0 for _ in range(200))
    assert all(rates.take("b", "/api/submissions") == 0 for _ in range(200))


def test_a_page_of_ours_may_change_things(web: Web) -> None:
    browser = web.browser(Referer=f"{ADDRESS}/katas/{KATA}")
    assert browser.post("/preferences", data={"theme": "dark"}).status_code == 303


def test_only_the_import_itself_takes_a_large_body_and_seldom(web: Web) -> None:
    large = {"Content-Type": "application/x-www-form-urlencoded"}
    for path in ("/progress/imports", "/progress/import/", "/nowhere/progress/import"):
        assert web.client.post(path, content=b"a" * (2 << 20), headers=large).status_code == 413
    clock = Clock()
    rates = Rates(clock=clock)
    assert [rates.take("a", "/progress/import") for _ in range(8)] == [0] * 8
    assert rates.take("a", "/progress/import") == pytest.approx(5.0)
    assert rates.take("a", "/progress/imports") == 0
    clock.now += 5.0
    assert rates.take("a", "/progress/import") == 0


def test_a_client_that_leaves_in_the_middle_is_no_fault_of_ours(web: Web) -> None:
    sent: list[Message] = []
    coming = iter(({"type": "http.request", "body": b"theme=", "more_body": True}, {"type": "http.disconnect"}))

    async def receive() -> Message:
        return next(coming)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/preferences",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-length", b"10")],
    }
    asyncio.run(web.app(scope, receive, send))  # what it raises, the server prints
    assert sent == []
