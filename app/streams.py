"""Server-sent events: an answer that goes on until its end, the client's leave, or the server's stop."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.hub import Progress
from app.refusals import Refused

MOST = 512  # streams of everybody
MOST_A_CLIENT = 64  # a browser keeps six connections; scripts that follow a class keep more
RETRY_MILLISECONDS = 1000
STUCK_SECONDS = 30.0  # a client that takes nothing for so long is gone


class TooManyStreams(Refused):
    """So many streams are open that another one is refused; asking again and again works as well."""

    status = 429
    key = "too_many_streams"


class Streams:
    """Counts what is open."""

    def __init__(self) -> None:
        self.open: Counter[str] = Counter()

    def check(self, client: str) -> None:
        """Raises TooManyStreams when `client` may not open another one."""
        if self.open[client] >= MOST_A_CLIENT or self.open.total() >= MOST:
            raise TooManyStreams()

    @contextmanager
    def counted(self, client: str) -> Iterator[None]:
        """One stream, as long as it is open."""
        self.open[client] += 1
        try:
            yield
        finally:
            self.open[client] -= 1
            if not self.open[client]:
                del self.open[client]


class EventStream(Response):
    """Sends what `events` tells."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncIterator[Progress], streams: Streams, client: str) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self.events, self.streams, self.client = events, streams, client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Runs until the first of the two ends: what there is to tell, or the client's patience. Raises TooManyStreams."""
        self.streams.check(self.client)  # others were opened while the route looked for the submission
        with self.streams.counted(self.client):
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await self._run(receive, send)

    async def _run(self, receive: Receive, send: Send) -> None:
        telling = asyncio.ensure_future(self._tell(send))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait((telling, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (telling, leaving):
                task.cancel()
            results = await asyncio.gather(telling, leaving, return_exceptions=True)
        if isinstance(results[0], Exception) and not isinstance(results[0], OSError | TimeoutError):
            raise results[0]

    async def _tell(self, send: Send) -> None:
        await _send(send, f"retry: {RETRY_MILLISECONDS}\n\n")
        try:
            async for progress in self.events:
                await _send(send, written(progress))
        finally:
            close = getattr(self.events, "aclose", None)
            if close is not None:
                await close()
        async with asyncio.timeout(STUCK_SECONDS):
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def written(progress: Progress) -> str:
    """One event as it goes over the line; a beat has neither data nor an id, so a reconnect goes on where it was."""
    if progress.kind == "beat":
        return "event: beat\ndata:\n\n"  # without the line for its data no script would be told of it
    data = json.dumps(progress.data, ensure_ascii=False, separators=(",", ":"))  # JSON has no line breaks of its own
    return f"id: {progress.id}\nevent: {progress.kind}\ndata: {data}\n\n"


async def _send(send: Send, text: str) -> None:
    async with asyncio.timeout(STUCK_SECONDS):
        await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
