"""Forms as bytes, and keys that know which kata they were made for."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import Request
from starlette.exceptions import HTTPException

from app import forms
from app.guard import BodyTooLarge
from katas.bank import Kata

FORM = "application/x-www-form-urlencoded"


def read(body: bytes, kind: str = FORM) -> dict[str, bytes]:
    """The fields of a body."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    request = Request(
        {"type": "http", "method": "POST", "app": None, "headers": [(b"content-type", kind.encode("utf-8"))]}, receive
    )
    return asyncio.run(forms.read(request)).fields


def test_every_byte_arrives() -> None:
    assert read(b"a=%00%ff%E4%B8%AD+%2B&b=&c") == {"a": b"\x00\xff\xe4\xb8\xad +", "b": b"", "c": b""}
    assert read("中=文".encode()) == {"中": "文".encode()}
    assert read(b"") == {}
    assert read(b"a=1&a=2") == {"a": b"2"}


def test_parts_arrive_as_they_are() -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="code"; filename="../../a.py"\r\n\r\n'
    assert read(head + b"\xff\x00\r\n\r\n--x--\r\n", "multipart/form-data; boundary=x") == {"code": b"\xff\x00\r\n"}


@pytest.mark.parametrize("charset", ["utf-8", "utf-7", "punycode", "idna", "undefined", "unicode_escape", "nonsense"])
def test_a_charset_of_the_senders_choice_is_not_run_over_his_fields(charset: str) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="code"\r\n\r\n+2AA-\\x41\xff\xe4\xb8\xad-a\r\n--x--\r\n'
    for kind in (
        f"boundary=x; charset={charset}",
        f'charset="{charset}"; boundary="x"',
        f"charset={charset};boundary=x",
    ):
        assert read(body, f"multipart/form-data; {kind}") == {"code": b"+2AA-\\x41\xff\xe4\xb8\xad-a"}


def test_a_boundary_says_nothing_but_itself() -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="code"\r\n\r\n+2AA-\r\n--x--\r\n'
    for kind in (
        'charset=utf-7; boundary="x; charset=latin-1',
        'boundary="x\\"; charset=utf-7',
        "boundary=",
        "boundary=中",
    ):
        with pytest.raises(HTTPException):
            read(body, f"multipart/form-data; {kind}")
    assert read(body, "Multipart/Form-Data;Boundary=x") == {"code": b"+2AA-"}


def test_a_long_form_arrives_whole_and_one_that_is_too_long_is_not_taken_apart() -> None:
    code = "注意力".encode() * 30_000
    assert read(b"code=" + quote(code).encode()) == {"code": code}
    with pytest.raises(BodyTooLarge):
        read(b"file=" + b"%41" * (forms.LONGEST_ENCODED // 3))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"&".join(b"a%d=" % n for n in range(1000)), FORM),
        (b"no parts at all", "multipart/form-data; boundary=x"),
        (b"no boundary", "multipart/form-data"),
        (
            b"".join(b'--x\r\nContent-Disposition: form-data; name="%d"\r\n\r\n\r\n' % n for n in range(300))
            + b"--x--",
            "multipart/form-data; boundary=x",
        ),
    ],
)
def test_what_is_no_form_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises(HTTPException) as error:
        read(body, kind)
    assert error.value.status_code == 400


def test_a_key_is_stale_when_the_kata_has_changed(kata: Kata) -> None:
    key = forms.new_key(kata)
    assert key != forms.new_key(kata)
    assert len(key) <= forms.LONGEST_KEY
    assert not forms.is_stale(key, kata)
    assert forms.is_stale(key[:-1] + ("0" if key[-1] != "0" else "1"), kata)
    assert not forms.is_stale("a key of a program's own", kata)
    assert not forms.is_stale("", kata)
