"""A real server on a real data folder, and a real headless Chromium."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
QUIET = [  # a closed network is no reason to wait
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 90.0


@dataclass
class Server:
    """`torchkata serve` in a process of its own."""

    process: subprocess.Popen[bytes]
    url: str
    data: Path
    log: Path

    def health(self) -> dict[str, object]:
        """What /api/health says; an OSError while nobody answers."""
        with urllib.request.urlopen(f"{self.url}/api/health", timeout=5) as answer:
            found: dict[str, object] = json.load(answer)
            return found

    def stop(self) -> None:
        """Ends it as Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(data: Path, *options: str, port: int | None = None, wait_for_worker: bool = True) -> Server:
    """Starts a server and waits until it answers, and until its worker is there."""
    port = port or free_port()
    log = data.parent / f"serve-{port}.log"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TORCHKATA_")}
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve", "--port", str(port), "--data", str(data), *options],
            cwd=ROOT,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
            env=environment,
        )
    server = Server(process, f"http://127.0.0.1:{port}", data, log)
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            if server.health().get("status") == "ok" or not wait_for_worker:
                return server
        except OSError:
            pass
        time.sleep(0.05)
    server.stop()
    raise AssertionError(f"the server did not start:\n{log.read_text(errors='replace')[-4000:]}")


def eventually(page: Page, expression: str) -> None:
    """Asks until an expression is true. Playwright's own way evaluates in the page, which the content policy forbids."""
    end = time.monotonic() + 30
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never true: {expression}"
        time.sleep(0.05)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that leave others' katas alone."""
    running = start(tmp_path_factory.mktemp("served") / "data")
    yield running
    running.stop()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """A factory of servers for a test that stops or kills them."""
    started: list[Server] = []

    def begin(*options: str, data: Path | None = None, **words: object) -> Server:
        running = start(data or tmp_path / "data", *options, **words)  # type: ignore[arg-type]
        started.append(running)
        return running

    yield begin
    for running in started:
        running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium, the installed one."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield running
        running.close()


@pytest.fixture
def context(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    """A browser of one person: own cookies and storage."""
    fresh = browser.new_context(base_url=server.url, locale="en-GB", viewport={"width": 1440, "height": 900})
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab. What its scripts throw, and what the content policy stops, fails the test."""
    tab = context.new_page()
    wrong: list[str] = []
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("console", lambda message: wrong.append(message.text) if "Content Security Policy" in message.text else None)
    yield tab
    assert not wrong, wrong
