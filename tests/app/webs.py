"""The web application on a data folder of its own: asked in this process, or over a real socket."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from app.db import Database
from app.guard import Rates
from app.hub import Hub
from app.protocol import BoundedProtocol
from app.settings import Settings
from app.site import Site
from app.web import create_app

ADDRESS = "http://127.0.0.1:8000"
KATA = "masked_softmax"


class Client:
    """Asks an application in this process, one request after the other; follows no redirect, keeps cookies."""

    def __init__(self, app: FastAPI, **headers: str) -> None:
        self.app, self.headers, self.cookies = app, headers, httpx.Cookies()

    def request(self, method: str, path: str, **words: Any) -> httpx.Response:
        """As httpx has it."""
        return asyncio.run(self._request(method, path, words))

    async def _request(self, method: str, path: str, words: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        options: dict[str, Any] = {"base_url": ADDRESS, "headers": self.headers, "cookies": self.cookies}
        async with httpx.AsyncClient(transport=transport, **options) as client:
            answer = await client.request(method, path, **words)
            self.cookies = client.cookies
            return answer

    def get(self, path: str, **words: Any) -> httpx.Response:
        """GET."""
        return self.request("GET", path, **words)

    def post(self, path: str, **words: Any) -> httpx.Response:
        """POST."""
        return self.request("POST", path, **words)


@dataclass
class Web:
    """An application, and what it stands on."""

    app: FastAPI
    site: Site
    db: Database
    hub: Hub

    @property
    def client(self) -> Client:
        """A program, as curl is: it sends no header that only browsers send."""
        return Client(self.app)

    def browser(self, **headers: str) -> Client:
        """A browser that is at one of our own pages."""
        own = {"Origin": ADDRESS, "Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
        return Client(self.app, **{**own, **headers})


@contextmanager
def a_web(
    folder: Path,
    *,
    bank: Path | None = None,
    host: str = "127.0.0.1",
    hosts: tuple[str, ...] = (),
    rates: Rates | None = None,
    busy: float = 20.0,
) -> Iterator[Web]:
    """Without a worker: submissions wait."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = Settings(data=folder, bank=bank, isolation="full", lang="en", host=host, hosts=hosts)
    db = Database.open(settings.database, busy=busy)
    hub = Hub(folder, db)
    app = create_app(settings, db, hub, rates=rates)
    try:
        yield Web(app, app.state.site, db, hub)
    finally:
        app.state.site.checker.close()
        db.close()


@contextmanager
def listening(web: Web) -> Iterator[tuple[str, int]]:
    """The application behind a real server, in a thread; gives host and port."""
    config = uvicorn.Config(
        web.app, host="127.0.0.1", port=0, log_config=None, ws="none", http=BoundedProtocol, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    ready = threading.Event()

    async def run() -> None:
        async with web.hub:
            serving = asyncio.ensure_future(server.serve())
            while not server.started and not serving.done():
                await asyncio.sleep(0.01)
            ready.set()
            while not server.should_exit:
                await asyncio.sleep(0.02)
            web.hub.stop_watching()
            await serving

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert ready.wait(120)
    try:
        yield server.servers[0].sockets[0].getsockname()[:2]
    finally:
        server.should_exit = True
        thread.join(120)
        assert not thread.is_alive()
