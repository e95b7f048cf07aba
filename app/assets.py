"""Static files: addresses that change with the content, and answers that a browser may keep for good."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

FOLDER = Path(__file__).parent / "static"
BUILT = "dist"  # what the front end's build leaves; not part of the source
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))  # best first
FOREVER = "public, max-age=31536000, immutable"
PACKED = frozenset({".css", ".js", ".svg"})
LEAST, MOST = 512, 512 * 1024  # bytes of what is packed in memory
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".map": "application/json",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True)
class _Known:
    stamp: tuple[int, int]  # time of change, size
    digest: str


class Assets:
    """One folder of static files, as an ASGI application; `address` is `asset(name)` of the templates."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder.resolve()
        self._known: dict[Path, _Known] = {}
        self._packed: dict[Path, tuple[str, bytes]] = {}  # digest, packed

    def address(self, name: str) -> str:
        """`/static/dist/kata.js?v=DIGEST` for `kata.js`; without the digest when there is no such file."""
        for relative in (f"{BUILT}/{name}", name):
            path = self.folder / relative
            digest = self._digest(path)
            if digest:
                return f"/static/{relative}?v={digest}"
        return f"/static/{name}"

    def _digest(self, path: Path) -> str:
        try:
            status = path.stat()
        except OSError:
            return ""
        stamp = (status.st_mtime_ns, status.st_size)
        known = self._known.get(path)
        if known is None or known.stamp != stamp:
            known = self._known[path] = _Known(stamp, hashlib.sha256(path.read_bytes()).hexdigest()[:12])
        return known.digest

    def _find(self, requested: str) -> Path:
        """The file of a path under /static/. Raises HTTPException 404, for whatever lies outside the folder, too."""
        if "\0" in requested or "\\" in requested or requested.endswith(tuple(ending for _, ending in ENCODINGS)):
            raise HTTPException(404)
        try:
            path = (self.folder / requested.lstrip("/")).resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            raise HTTPException(404) from None
        if not path.is_relative_to(self.folder) or not path.is_file():
            raise HTTPException(404)
        return path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers GET and HEAD under the place where it is mounted."""
        if scope["type"] != "http":
            return
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        # Files are looked at, read and packed in a thread: the event loop serves streams meanwhile.
        response = await run_in_threadpool(self._response, scope)
        await response(scope, receive, send)

    def _response(self, scope: Scope) -> Response:
        path = self._find(scope["path"].removeprefix(scope.get("root_path", "")))
        digest = self._digest(path)
        headers = Headers(scope=scope)
        asked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("v", [""])[0]
        fixed = asked == digest
        answer = {
            "Cache-Control": FOREVER if fixed else "no-cache",
            "ETag": f'"{digest}"',
            "Vary": "Accept-Encoding",
        }
        if f'"{digest}"' in headers.get("if-none-match", ""):
            return Response(status_code=304, headers=answer)
        media = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        words = _words(headers.get("accept-encoding", ""))
        encoding, served = _encoded(path, words)
        if not encoding and "gzip" in words and (packed := self._pack(path, digest)):
            return Response(packed, headers={**answer, "Content-Encoding": "gzip"}, media_type=media)
        if encoding:
            answer["Content-Encoding"] = encoding
        return FileResponse(served, headers=answer, media_type=media, stat_result=os.stat(served))

    def _pack(self, path: Path, digest: str) -> bytes:
        """A small text packed once, where the build has made no packed form; nothing where that would not pay."""
        if path.suffix not in PACKED or not LEAST <= path.stat().st_size <= MOST:
            return b""
        known = self._packed.get(path)
        if known is None or known[0] != digest:
            known = self._packed[path] = (digest, gzip.compress(path.read_bytes(), mtime=0))
        return known[1]


def _words(accepted: str) -> set[str]:
    """The encodings that a browser takes."""
    offers = (re.fullmatch(r"\s*([\w*-]+)\s*(?:;\s*q=(0(?:\.0*)?)(?![\d.]))?.*", word) for word in accepted.split(","))
    return {offer[1] for offer in offers if offer is not None and offer[2] is None}


def _encoded(path: Path, words: set[str]) -> tuple[str, Path]:
    """The smallest form of `path` that the browser takes and the build has made."""
    for name, ending in ENCODINGS:
        packed = path.with_name(path.name + ending)
        if name in words and packed.is_file() and packed.stat().st_mtime_ns >= path.stat().st_mtime_ns:
            return name, packed
    return "", path
