"""The forms that pages send: read as bytes, so that what is no text is noticed, and keyed, so that a double click is one."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser

from app.guard import KIB, MIB, BodyTooLarge
from katas.bank import Kata

FIELDS = 200  # of one form
LONGEST_KEY = 200
LONGEST_ENCODED = MIB  # of a form that is encoded as an address is: taking it apart costs ninety times its size
SHORT_ENCODED = 64 * KIB  # longer ones are taken apart in a thread: a megabyte takes a quarter of a second
BOUNDARY = re.compile(
    r""";\s*boundary=(?:"([\w'()+,./:=? -]{1,70})"|([\w'()+,./:=?-]{1,70})(?=\s*(?:;|$)))""", re.ASCII | re.I
)


def new_key(kata: Kata) -> str:
    """For a form of one page view: sent twice it is one submission, and it knows which text of the kata was read."""
    return f"{secrets.token_urlsafe(12)}.{kata.digest[:16]}"


def is_stale(key: str, kata: Kata) -> bool:
    """Whether the kata has changed since the form was made. A key of a program's own making says nothing of that."""
    _, dot, digest = key.partition(".")
    return bool(dot) and digest != kata.digest[:16]


@dataclass(frozen=True)
class Form:
    """The fields of a form; of a field sent twice the last one counts."""

    fields: dict[str, bytes]

    def raw(self, name: str) -> bytes:
        """A field as it came, empty when it did not."""
        return self.fields.get(name, b"")

    def text(self, name: str) -> str:
        """A field as text; what is no UTF-8 is shown as such."""
        return self.raw(name).decode("utf-8", "replace")


async def read(request: Request) -> Form:
    """The form of a request, whose size the guard has bounded already. Raises HTTPException when it is none."""
    kind = request.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() == "multipart/form-data":
        return await _parts(request, kind)
    body = await request.body()
    if len(body) > LONGEST_ENCODED:  # a file to import comes in parts
        raise BodyTooLarge(limit=LONGEST_ENCODED // KIB)
    try:
        return await run_in_threadpool(_fields, body) if len(body) > SHORT_ENCODED else _fields(body)
    except ValueError:
        raise HTTPException(400, "the form has too many fields") from None


async def _parts(request: Request, kind: str) -> Form:
    """Of the header the boundary alone counts. The sender's charset would run a codec of his choice over every field:
    some take quadratic time, some raise what nobody expects. Latin-1 keeps every byte, there and back."""
    found = BOUNDARY.search(kind)
    if found is None:
        raise HTTPException(400, "the form has no boundary")
    header = f'multipart/form-data; boundary="{found[1] or found[2]}"; charset=latin-1'
    parser = MultiPartParser(
        Headers({"content-type": header}), request.stream(), max_files=4, max_fields=FIELDS, max_part_size=MIB
    )
    try:
        parts = await parser.parse()
    except MultiPartException as error:
        raise HTTPException(400, error.message) from None
    try:
        return Form(
            {
                _text(name): await value.read() if isinstance(value, UploadFile) else value.encode("latin-1")
                for name, value in parts.multi_items()
            }
        )
    finally:
        await parts.close()


def _fields(body: bytes) -> Form:
    # Every byte as one character, there and back: what is no UTF-8 must not be mended on the way.
    text = body.decode("latin-1")
    pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS, encoding="latin-1")
    return Form({_text(name): value.encode("latin-1") for name, value in pairs})


def _text(name: str) -> str:
    return name.encode("latin-1").decode("utf-8", "replace")
