"""`serve`: the web process, and beside it a worker that is started again whenever it ends.

The worker dies with the web process, and what it was judging goes back into the queue. A signal ends both within three
seconds, whatever streams are open.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import ipaddress
import logging
import os
import socket
import sys
import time
import webbrowser
from collections.abc import Callable
from threading import Thread
from types import FrameType
from typing import NoReturn

import uvicorn
import uvloop

from app.db import Database
from app.errors import UsageError
from app.folder import prepare
from app.hub import Hub
from app.messages import say
from app.protocol import BoundedProtocol
from app.settings import Settings
from app.terminal import visible
from app.web import create_app

GRACE_SECONDS = 1  # for requests that are being answered when a signal comes
WORKER_SECONDS = 1.5  # for the worker to put back what it was judging
LONGEST_PAUSE = 30.0  # before a worker that keeps ending is started again
ALIVE_SECONDS = 30.0  # after which an end counts as the first one


class Server(uvicorn.Server):
    """Ends quietly at the first signal, at once at the second."""

    def __init__(self, config: uvicorn.Config, stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._stop = stop
        self._loop = asyncio.get_running_loop()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called by the signal; unlike uvicorn's own it raises nothing afterwards."""
        self.force_exit, self.should_exit = self.should_exit, True
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # of each request that is cut off, a traceback
        self._loop.call_soon_threadsafe(self._stop)


def serve(settings: Settings, *, worker: bool = True, open_page: bool = False) -> NoReturn:
    """Serves until a signal comes, and ends the process. Raises AppError when it cannot begin."""
    prepare(settings.data)
    db = Database.open(settings.database)
    try:
        sock = listen(settings.host, settings.port)
        address = address_of(sock)
        print(say(settings.lang, "serve.at", address=address), flush=True)
        if not is_loopback(settings.host):
            print(say(settings.lang, "serve.network", host=visible(settings.host)), file=sys.stderr, flush=True)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings, db, sock, worker=worker, address=address if open_page else None))
    finally:
        db.close()
    # Everything is closed. What is left would only cost time: a last collection of garbage, and threads whose request waits
    # for a database that is locked.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


async def _serve(settings: Settings, db: Database, sock: socket.socket, *, worker: bool, address: str | None) -> None:
    hub = Hub(settings.data, db)
    config = uvicorn.Config(
        create_app(settings, db, hub),
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    loop = asyncio.get_running_loop()
    async with hub:
        jobs = [loop.create_task(keep_worker(settings))] if worker else []
        if address is not None:
            # A thread of its own: a Ctrl-C does not wait for a browser.
            Thread(target=_open, args=(address, settings.lang), daemon=True).start()

        def stop() -> None:
            hub.stop_watching()
            for job in jobs:
                job.cancel()

        gc.collect()
        gc.freeze()  # what is loaded now stays: a collection need not go through it while a page is waited for
        try:
            await Server(config, stop).serve(sockets=[sock])
        finally:
            stop()
            await asyncio.gather(*jobs, return_exceptions=True)


async def keep_worker(settings: Settings) -> None:
    """Keeps a worker process running until cancelled."""
    flags = {"data": str(settings.data), "isolation": settings.isolation, "lanes": str(settings.lanes)}
    words = [f"{name}={value}" for name, value in (flags | {"lang": settings.lang}).items()]
    pause = 0.5
    while True:
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "app.worker", str(os.getpid()), *words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            # Not among the words, which every user of the machine can read: an address may hold a password.
            env=os.environ | {"TORCHKATA_DATABASE_URL": settings.database_url},
            start_new_session=True,  # a Ctrl-C on the terminal is the web process's to handle
        )
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            await _end(process)
            raise
        pause = 0.5 if time.monotonic() - began > ALIVE_SECONDS else min(LONGEST_PAUSE, 2 * pause)
        text = say(settings.lang, "serve.worker_ended", code=code, seconds=f"{pause:g}")
        print(f"torchkata: {text}", file=sys.stderr, flush=True)
        await asyncio.sleep(pause)


async def _end(process: asyncio.subprocess.Process) -> None:
    try:
        process.terminate()
        await asyncio.wait_for(process.wait(), WORKER_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
    except ProcessLookupError:
        pass


def _open(address: str, lang: str) -> None:
    if not webbrowser.open(address):
        print(say(lang, "serve.no_browser", address=address), file=sys.stderr, flush=True)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises UsageError, which says what to do."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError):
        raise UsageError("host_unknown", host=host) from None
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(512)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise UsageError("port_in_use", port=port) from None
        if error.errno == errno.EADDRNOTAVAIL:
            raise UsageError("host_unknown", host=host) from None
        raise UsageError("port_refused", host=host, port=port, why=error.strerror) from None
    return sock


def address_of(sock: socket.socket) -> str:
    """What to type into a browser on this machine."""
    host, port = sock.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = "127.0.0.1" if sock.family is socket.AF_INET else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
