"""What a person hands in: the bytes of a file or of standard input, and which kata they are meant for."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from app.errors import UsageError
from katas.bank import Bank, Kata, UnknownKata

STDIN = "-"
MOST_BYTES = 16 << 20  # nothing larger is ever read, whatever a kata allows
_FIRST_LINE = re.compile(r"#\s*kata\s*:\s*(\S*)\s*")


@dataclass(frozen=True)
class Source:
    """One submission."""

    file: str  # as the person wrote it; - is standard input
    code: bytes
    kata: Kata


def read(file: str, kata_id: str | None, bank: Bank) -> Source:
    """Reads `file` and finds its kata: `kata_id`, else a first line `# kata: ID`, else its name. Raises UsageError."""
    code = _bytes(file)
    if not code.strip():
        raise UsageError("file_empty", file=file)
    kata = _kata(file, code, kata_id, bank)
    if len(code) > kata.limits["source_kib"] * 1024:
        raise UsageError("file_large", file=file, limit=f"{kata.limits['source_kib']:g}")
    try:
        code.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError("file_encoding", file=file, line=code.count(b"\n", 0, error.start) + 1) from None
    return Source(file, code, kata)


def code_kata(name: str, bank: Bank, where: str = "") -> Kata:
    """The code kata `name`. Raises UsageError, which begins with `where`, and suggests the nearest name."""
    kata = any_kata(name, bank, where)
    if kata.kind != "code":
        raise UsageError("kata_concept", kata=name, where=where)
    return kata


def any_kata(name: str, bank: Bank, where: str = "") -> Kata:
    """The kata `name`, of whatever kind. Raises UsageError as code_kata does."""
    try:
        return bank.kata(name)
    except UnknownKata as error:
        if error.nearest:
            raise UsageError("kata_unknown_near", name=name, near=", ".join(error.nearest), where=where) from None
        raise UsageError("kata_unknown", name=name, where=where) from None


def _bytes(file: str) -> bytes:
    if file == STDIN:
        return sys.stdin.buffer.read(MOST_BYTES)
    path = Path(file)
    try:
        if path.is_dir():
            raise UsageError("file_folder", file=file)
        with path.open("rb") as stream:
            return stream.read(MOST_BYTES)
    except FileNotFoundError:
        raise UsageError("file_missing", file=file) from None
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL byte
        raise UsageError("file_unreadable", file=file, why=getattr(error, "strerror", None) or str(error)) from None


def _kata(file: str, code: bytes, kata_id: str | None, bank: Bank) -> Kata:
    if kata_id is not None:
        return code_kata(kata_id, bank)
    first = code.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].decode("utf-8", "replace")
    said = _FIRST_LINE.fullmatch(first)
    if said is not None:
        return code_kata(said[1], bank, where=f"{file}:1: ")
    stem = "" if file == STDIN else Path(file).stem.lower().replace("-", "_").replace(" ", "_")
    try:
        kata = bank.kata(stem)
    except UnknownKata as error:
        if error.nearest:
            raise UsageError("kata_unsaid_near", file=file, near=", ".join(error.nearest)) from None
        raise UsageError("kata_unsaid", file=file) from None
    return code_kata(kata.id, bank, where=f"{file}: ")
