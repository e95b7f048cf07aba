"""The drafts' addresses; what a draft is stands in tests/app/test_drafts.py."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.app.webs import KATA, Web

URL = f"/api/drafts/{KATA}"


def whole(text: str, **changes: Any) -> dict[str, Any]:
    """A step that brings a whole text."""
    return {"kind": "paste", "text": text, "digest": hashlib.sha256(text.encode()).hexdigest(), **changes}


def body(*steps: dict[str, Any], base: int = 0) -> dict[str, Any]:
    """What a tab sends."""
    return {"base": base, "device": "tab", "steps": list(steps)}


def test_before_anything_is_typed_there_is_the_starter(web: Web) -> None:
    head = web.client.get(URL).json()
    assert head == {"version": 0, "text": web.site.bank.kata(KATA).starter, "at": None, "device": None}


def test_steps_are_kept_and_come_back(web: Web) -> None:
    kept = web.client.post(URL, json=body(whole("中文 😀\n"))).json()
    assert kept["version"] == 1
    edit = {"kind": "edit", "changes": [3, [2, "é"], 1], "typed_at": 1.5}
    edit["digest"] = hashlib.sha256("中文 é\n".encode()).hexdigest()
    assert web.client.post(URL, json=body(edit, base=1)).json()["version"] == 2
    head = web.client.get(URL).json()
    assert (head["version"], head["text"], head["device"]) == (2, "中文 é\n", "tab")
    log = web.client.get(f"{URL}/versions").json()["versions"]
    assert [(line["version"], line["kind"]) for line in log] == [(2, "edit"), (1, "paste")]
    assert web.client.get(f"{URL}/versions/1").json() == {"version": 1, "text": "中文 😀\n"}
    assert web.client.get(f"{URL}/versions/9").status_code == 404
    assert "中文 é" in web.browser().get(f"/katas/{KATA}").text


def test_who_builds_on_an_old_version_is_given_the_new_one(web: Web) -> None:
    web.client.post(URL, json=body(whole("mine")))
    answer = web.client.post(URL, json=body(whole("theirs")))
    assert answer.status_code == 409
    conflict = answer.json()
    assert conflict["error"]["code"] == "draft_moved"
    assert (conflict["version"], conflict["text"], conflict["device"]) == (1, "mine", "tab")
    assert web.client.get(URL).json()["text"] == "mine"


def test_the_same_steps_sent_twice_are_kept_once(web: Web) -> None:
    for _ in range(2):
        assert web.client.post(URL, json=body(whole("mine"))).json()["version"] == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"base": -1},
        {"base": "0"},
        {"base": 2**40},
        {"base": True},
        {"device": ""},
        {"device": "x" * 41},
        {"steps": None},
        {"steps": [{}]},
        {"steps": [whole("x", kind="unheard")]},
        {"steps": [whole("x", digest="0" * 63)]},
        {"steps": [whole("x", changes=[1])]},
        {"steps": [whole("x", typed_at="now")]},
        {"steps": [whole("\0")]},
        {"steps": [whole("x")] * 501},
        {"unheard": 1},
    ],
    ids=str,
)
def test_what_is_no_step_is_refused_and_nothing_kept(web: Web, wrong: dict[str, Any]) -> None:
    answer = web.client.post(URL, json={**body(whole("x")), **wrong})
    assert answer.status_code == 422
    assert answer.json()["error"]["message"]
    assert web.client.get(URL).json()["version"] == 0


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b'{"base": NaN, "device": "d", "steps": []}',
        b'{"base": 0, "device": "\\ud800", "steps": []}',
        b'{"base": 0, "device": "d", "steps": [], "steps": 1}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_what_is_no_json_is_refused(web: Web, raw: bytes) -> None:
    answer = web.client.post(URL, content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]["code"] in ("invalid_json", "invalid_request")


def test_half_a_letter_is_refused(web: Web) -> None:
    raw = b'{"base": 0, "device": "d", "steps": [{"kind": "paste", "digest": "' + b"0" * 64 + b'", "text": "\\ud83d"}]}'
    answer = web.client.post(URL, content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


def test_a_text_that_is_too_large_is_refused(web: Web) -> None:
    answer = web.client.post(URL, json=body(whole("x" * (1024 * 1024 + 1))))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_a_concept_kata_has_no_draft(web: Web) -> None:
    assert web.client.get("/api/drafts/mha_what").json()["error"]["code"] == "kata_has_no_code"
    assert web.client.get("/api/drafts/nowhere").status_code == 404
