"""HTTP over a socket, with a bound on what comes before a request can be looked at: uvicorn itself waits for ever.

The guard sees a request when its head is whole. A client that never ends it, a byte now and then, would hold a connection
for as long as it likes, and a head without end would fill the memory.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 10.0  # from the connection, or from the first byte of a request on it, to the end of the head
HEAD_BYTES = 128 * 1024  # of a head that is not whole yet; the guard is stricter, and says why


class BoundedProtocol(HttpToolsProtocol):
    """Closes the connection of who takes too long, or too much, to say what he wants."""

    _timer: asyncio.TimerHandle | None = None
    _heading = True  # the head is not whole
    _bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some of a request."""
        super().data_received(data)
        if self._heading:
            self._bytes += len(data)
            if self._bytes > HEAD_BYTES:
                self.transport.close()

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._expect_head()

    def on_headers_complete(self) -> None:
        """The head is whole; from here on it is the guard's."""
        self._heading = False
        self._stop_waiting()
        super().on_headers_complete()

    def _expect_head(self) -> None:
        self._stop_waiting()
        self._heading, self._bytes = True, 0
        self._timer = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
