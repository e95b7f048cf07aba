"""Stands before every route: whose page is asking, for which host, how much, how often; and what the answer may do.

Theory of operation. A web server on somebody's own machine is reachable from every page that he opens elsewhere. Such a
page can send forms, follow links and open event streams, and by DNS rebinding it can even read answers. Therefore:

* `Host` must be a name of ours, always. A rebound name arrives with the attacker's own name in `Host`.
* Whatever changes something, and every event stream, is refused when `Origin`, `Sec-Fetch-Site` or `Referer` names
  another page. Browsers set these; a script cannot take them away. Programs that send none of them are no browser.
* Another site may lead a person here by a link, and nothing else: no frame, no image, no script, no fetch.
* There is no CORS header at all, and a body of a type that a foreign form could send must be a form, never JSON.
* Bodies are read here, whole, before a route runs: at most so many bytes, in at most so many seconds.

Pure ASGI: a middleware of Starlette's own kind costs more than the page.
"""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.refusals import Refused, TooLarge

READS = frozenset({"GET", "HEAD"})
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
WILDCARDS = frozenset({"", "0.0.0.0", "::"})
FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
JSON = "application/json"

KIB, MIB = 1024, 1024 * 1024
URL_BYTES = 4 * KIB
HEADER_BYTES, HEADER_COUNT = 32 * KIB, 100
DRAINED = 16 * MIB  # of a body that is too large: read and dropped, so that the browser gets to see the answer
QUIET = 10.0  # seconds without a byte of a body

# A policy without inline script. `style-src` has the nonce for the style sheet that CodeMirror adds at run time.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), hid=(), midi=(), "
        b"display-capture=(), browsing-topics=()",
    ),
)
# Pages hold what a person did: kept nowhere but in his own browser, and asked for anew each time.
FRESH = (b"cache-control", b"private, no-cache")


class BadHost(Refused):
    """`host` is no name of ours."""

    status = 400
    key = "bad_host"


class ForeignPage(Refused):
    """Another site's page asks."""

    status = 403
    key = "foreign_page"


class UrlTooLong(Refused):
    """The address is longer than any of ours."""

    status = 414
    key = "url_too_long"


class HeadersTooLarge(Refused):
    """More headers, or longer ones, than a browser sends."""

    status = 431
    key = "headers_too_large"


class BadLength(Refused):
    """Content-Length is no number, or there are two."""

    status = 400
    key = "bad_length"


class BodyTooLarge(TooLarge):
    """The request has more than `limit` KiB."""

    key = "body_too_large"


class BodyTooSlow(Refused):
    """The request did not arrive in time."""

    status = 408
    key = "body_too_slow"


class WrongType(Refused):
    """The body is of a type that is not taken here; `wanted` lists those that are."""

    status = 415
    key = "wrong_type"


class TooOften(Refused):
    """This client asks too often; after `seconds` he may again."""

    status = 429
    key = "too_often"


class Gone(Exception):
    """The client left in the middle of what he sent."""


@dataclass(frozen=True)
class Body:
    """How large a body may be, and how long it may take."""

    size: int
    seconds: float


@dataclass(frozen=True)
class Rate:
    """`burst` at once, then `a_second`."""

    burst: int
    a_second: float


# First match decides; with `=` in front it is the whole path. A submission's source is at most 256 KiB, and a form makes
# three bytes of one.
BODIES = (
    ("=/progress/import", Body(32 * MIB, 120.0)),
    ("/api/drafts/", Body(4 * MIB, 60.0)),
    ("", Body(MIB, 30.0)),
)
# Only what changes or costs something is counted. Two hundred submissions at once are a class that hands in.
RATES = (
    ("=/progress/import", Rate(8, 0.2)),  # 32 MiB each, read into memory
    ("/api/check", Rate(60, 10.0)),
    ("/api/drafts/", Rate(120, 20.0)),
    ("/submissions", Rate(400, 20.0)),
    ("", Rate(200, 20.0)),
)
CLIENTS = 4096  # that are remembered


def _fits(path: str, pattern: str) -> bool:
    return path == pattern[1:] if pattern.startswith("=") else path.startswith(pattern)


@dataclass
class _Bucket:
    tokens: float
    at: float


@dataclass
class Rates:
    """Token buckets, one a client and rule."""

    rules: tuple[tuple[str, Rate], ...] = RATES
    clock: Callable[[], float] = time.monotonic
    buckets: OrderedDict[tuple[str, str], _Bucket] = field(default_factory=OrderedDict)

    def take(self, client: str, path: str) -> float:
        """0.0 when the request may go on, else seconds until it may."""
        name, rate = next((name, rate) for name, rate in self.rules if _fits(path, name) or name in path)
        now = self.clock()
        bucket = self.buckets.setdefault((client, name), _Bucket(rate.burst, now))
        self.buckets.move_to_end((client, name))
        if len(self.buckets) > CLIENTS:
            self.buckets.popitem(last=False)
        bucket.tokens = min(rate.burst, bucket.tokens + (now - bucket.at) * rate.a_second)
        bucket.at = now
        if bucket.tokens < 1:
            return (1 - bucket.tokens) / rate.a_second
        bucket.tokens -= 1
        return 0.0


@dataclass(frozen=True)
class Hosts:
    """The names that we answer to."""

    names: frozenset[str]
    any_address: bool = False  # bound to every interface: any address of ours, still no foreign name

    @classmethod
    def of(cls, bound: str, allowed: Iterable[str] = ()) -> Hosts:
        """Loopback's names, the one that we are bound to, and those of the setting."""
        given = {name.strip().strip("[]").rstrip(".").lower() for name in (bound, *allowed)}
        return cls(frozenset(LOOPBACK | (given - WILDCARDS)), any_address=bound in WILDCARDS)

    def know(self, host: str) -> bool:
        """Whether `host`, a Host header, is one of our names; its port does not matter."""
        name = _name(host)
        if name is None:
            return False
        return name in self.names or (self.any_address and _is_address(name))


def _name(host: str) -> str | None:
    """The name in a Host header, lower case, without port and brackets; None when it is no such header."""
    try:
        parts = urlsplit("//" + host)
        _ = parts.port  # a port that is no number is refused
    except ValueError:
        return None
    if not parts.hostname or parts.netloc != host or "@" in host or parts.path or parts.query or parts.fragment:
        return None
    return parts.hostname.rstrip(".").lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class _Asked:
    """The headers of one request that the guard looks at."""

    NAMES = frozenset(
        {
            b"host",
            b"origin",
            b"referer",
            b"sec-fetch-site",
            b"sec-fetch-mode",
            b"sec-fetch-dest",
            b"accept",
            b"content-type",
            b"content-length",
            b"transfer-encoding",
        }
    )

    def __init__(self, scope: Scope) -> None:
        self.path: str = scope["path"]
        self.method: str = scope["method"]
        self.repeated: set[bytes] = set()
        self.headers: dict[bytes, str] = {}
        self.bytes = 0
        for name, value in scope["headers"]:
            self.bytes += len(name) + len(value)
            if name in self.NAMES:
                if name in self.headers:
                    self.repeated.add(name)
                self.headers[name] = value.decode("latin-1").strip()

    def get(self, name: bytes) -> str:
        """A header, or nothing."""
        return self.headers.get(name, "")

    @property
    def reads(self) -> bool:
        """True for what must not change anything."""
        return self.method in READS

    @property
    def streams(self) -> bool:
        """True when events are asked for."""
        return self.path.endswith("/events") or "text/event-stream" in self.get(b"accept")


Answer = Callable[[Scope, Receive, Send, Exception], Awaitable[None]]


class Guard:
    """The outermost middleware. `answer` writes a refusal, or a fault of ours, as a page or as JSON."""

    def __init__(self, app: ASGIApp, *, hosts: Hosts, answer: Answer, rates: Rates | None = None) -> None:
        self.app = app
        self.hosts = hosts
        self.answer = answer
        self.rates = rates or Rates()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuses, or hands on; every answer gets the headers."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":  # nothing here speaks it
                await send({"type": "websocket.close", "code": 1008})
                return
            await self.app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce
        sender = _Sender(send, nonce)
        try:
            admitted = await self._admit(scope, receive)
            if scope["method"] == "HEAD":
                # The routes know GET alone; the server leaves the body of the answer out.
                scope = {**scope, "method": "GET"}
            await self.app(scope, admitted, sender)
        except Gone:
            return  # nobody is there to be answered
        except Exception as error:
            if sender.started:
                raise
            sender.last = isinstance(
                error, BodyTooLarge | BodyTooSlow | BadLength | TooOften
            )  # the rest of the body is still on its way
            await self.answer(scope, receive, sender, error)

    async def _admit(self, scope: Scope, receive: Receive) -> Receive:
        """The body, read and bounded, as what the application receives. Raises Refused."""
        asked = _Asked(scope)
        if len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) > URL_BYTES:
            raise UrlTooLong()
        if asked.bytes > HEADER_BYTES or len(scope["headers"]) > HEADER_COUNT:
            raise HeadersTooLarge()
        self._check_source(asked)
        if asked.reads:
            return receive
        client = scope["client"][0] if scope.get("client") else ""
        wait = self.rates.take(client, asked.path)
        if wait:
            raise TooOften(seconds=int(wait) + 1)
        limit = next(limit for pattern, limit in BODIES if _fits(asked.path, pattern))
        body = await _read(asked, receive, limit)
        if body:
            _check_type(asked)
        return _replay(body, receive)

    def _check_source(self, asked: _Asked) -> None:
        """Which page asks, and for which host."""
        host = asked.get(b"host")
        if b"host" in asked.repeated or not self.hosts.know(host):
            raise BadHost(host=_printable(host))
        site = asked.get(b"sec-fetch-site")
        if not asked.reads or asked.streams:
            origin = asked.get(b"origin")
            if b"origin" in asked.repeated or site not in ("", "same-origin", "none"):
                raise ForeignPage()
            # No `Origin`: some browsers leave it out of a form of the same page, and then there is a `Referer`.
            source = origin or asked.get(b"referer")
            if source and not _same(source, host):
                raise ForeignPage()
        elif site in ("cross-site", "same-site") and not _is_link(asked):
            raise ForeignPage()


def _is_link(asked: _Asked) -> bool:
    """Somebody follows a link from another site: the one thing that may come from there."""
    return asked.get(b"sec-fetch-mode") == "navigate" and asked.get(b"sec-fetch-dest") in ("", "document")


def _same(source: str, host: str) -> bool:
    """Whether an Origin or Referer is a page of `host`, the port included. Behind TLS the scheme may differ."""
    try:
        parts = urlsplit(source)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:100])


def _check_type(asked: _Asked) -> None:
    """JSON under /api, a form or JSON elsewhere. `text/plain` is what a foreign form would smuggle JSON in."""
    kind = asked.get(b"content-type").partition(";")[0].strip().lower()
    allowed = {JSON} if asked.path.startswith("/api/") else FORMS | {JSON}
    if b"content-type" in asked.repeated or kind not in allowed:
        raise WrongType(wanted=" | ".join(sorted(allowed)))


async def _read(asked: _Asked, receive: Receive, limit: Body) -> bytes:
    """The whole body. Raises Refused when it is too large, too slow, or lies about its length."""
    declared = asked.get(b"content-length")
    if declared and (not declared.isascii() or not declared.isdigit() or b"content-length" in asked.repeated):
        raise BadLength()
    if declared and int(declared[:20]) > DRAINED + limit.size:
        raise BodyTooLarge(limit=limit.size // KIB)
    parts: list[bytes] = []
    size = 0
    end = time.monotonic() + limit.seconds
    while True:
        try:
            async with asyncio.timeout(min(QUIET, max(0.0, end - time.monotonic()))):
                message = await receive()
        except TimeoutError:
            raise BodyTooSlow() from None
        if message["type"] == "http.disconnect":
            raise Gone
        part = message.get("body", b"")
        size += len(part)
        if size <= limit.size:
            parts.append(part)
        elif size > limit.size + DRAINED:
            break
        if not message.get("more_body", False):
            break
    if size > limit.size:
        raise BodyTooLarge(limit=limit.size // KIB)
    return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Gives the body once, then whatever the server says."""
    given = False

    async def once() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once


class _Sender:
    """Adds the headers to the start of an answer."""

    def __init__(self, send: Send, nonce: str) -> None:
        self.send = send
        self.nonce = nonce
        self.started = False
        self.last = False  # the connection cannot be used again

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = list(message.get("headers", ()))
            headers += HEADERS
            headers.append((b"content-security-policy", POLICY.format(nonce=self.nonce).encode()))
            if not any(name == b"cache-control" for name, _ in headers):
                headers += (FRESH, (b"vary", b"Cookie, Accept-Language"))
            if self.last:
                headers.append((b"connection", b"close"))
            message["headers"] = headers
        await self.send(message)
