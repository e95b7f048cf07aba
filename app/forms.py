"""The forms that pages send: read as bytes, so that what is no text is noticed, and keyed, so that a double click is one."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from katas.bank import Kata

FIELDS = 200  # of one form
LONGEST_KEY = 200


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
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        async with request.form(max_files=4, max_fields=FIELDS, max_part_size=1 << 20) as parts:
            fields = {}
            for name, value in parts.multi_items():
                fields[name] = (
                    await value.read() if isinstance(value, UploadFile) else value.encode("utf-8", "surrogatepass")
                )
            return Form(fields)
    # Every byte as one character, there and back: what is no UTF-8 must not be mended on the way.
    body = (await request.body()).decode("latin-1")
    try:
        pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=FIELDS, encoding="latin-1")
    except ValueError:
        raise HTTPException(400, "the form has too many fields") from None
    return Form({_text(name): value.encode("latin-1") for name, value in pairs})


def _text(name: str) -> str:
    return name.encode("latin-1").decode("utf-8", "replace")
