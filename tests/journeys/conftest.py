"""A real server on a real data folder, and a real headless Chromium."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.conftest import noon

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
PATIENCE = 120.0  # seconds; never met, a hang must end as a failed test
NUMBERS = itertools.count(1)

expect.set_options(timeout=PATIENCE * 1000)


@dataclass
class Server:
    """`torchkata serve` in a process of its own."""

    process: subprocess.Popen[bytes]
    url: str
    data: Path
    log: Path

    def health(self) -> dict[str, object]:
        """What /api/health says; an OSError while nobody answers."""
        with urllib.request.urlopen(f"{self.url}/api/health", timeout=PATIENCE) as answer:
            found: dict[str, object] = json.load(answer)
            return found

    def forget(self) -> None:
        """Deletes all that anybody did here: a test begins where nobody has been before."""
        body = urllib.parse.urlencode({"sure": "yes"}).encode()
        urllib.request.urlopen(f"{self.url}/progress/delete", body, timeout=PATIENCE).close()

    def stop(self) -> None:
        """Ends it as Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


def start(data: Path, *options: str, wait_for_worker: bool = True) -> Server:
    """Starts a server at a port that the kernel chooses, and waits until it answers, and until its worker is there."""
    log = data.parent / f"serve-{next(NUMBERS)}.log"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TORCHKATA_")} | {"TZ": noon()}
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve", "--port", "0", "--data", str(data), *options],
            cwd=ROOT,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
            env=environment,
        )
    server = Server(process, "", data, log)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        if said := re.search(r"http://\S+?:\d+(?=\s)", log.read_text(errors="replace")):
            server.url = said[0]
            try:
                if not wait_for_worker or server.health().get("status") == "ok":
                    return server
            except OSError:
                pass  # it listens, and does not answer yet
        time.sleep(0.05)
    server.stop()
    raise AssertionError(f"the server did not start:\n{log.read_text(errors='replace')[-4000:]}")


def eventually(page: Page, expression: str) -> None:
    """Asks until an expression is true. Playwright's own way evaluates in the page, which the content policy forbids."""
    end = time.monotonic() + PATIENCE
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never true: {expression}"
        page.wait_for_timeout(20)


@contextmanager
def somebody(browser: Browser, server: Server, **options: Any) -> Iterator[BrowserContext]:
    """A browser of one person: own cookies and storage. When he goes, nothing of his is on its way to the server."""
    options = {"locale": "en-GB", "timezone_id": noon(), "viewport": {"width": 1440, "height": 900}, **options}
    context = browser.new_context(base_url=server.url, **options)
    context.set_default_timeout(PATIENCE * 1000)
    try:
        yield context
        for tab in context.pages:
            expect(tab.locator("[data-draft-status][data-state=saving]")).to_have_count(0)
    finally:
        context.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that neither stop nor kill it: its start loads torch twice."""
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
    """Somebody who has done nothing yet."""
    server.forget()
    with somebody(browser, server) as fresh:
        yield fresh


@pytest.fixture
def second(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    """Another device of his."""
    with somebody(browser, server) as other:
        yield other


def is_stopped(said: str, tab: Page) -> bool:
    """Whether the content policy stopped something of ours.

    Where coloured text is typed over, Chromium's own editing command sets a style, is stopped, and CodeMirror draws the line
    anew. That no page of ours has a style of its own is tested without a browser.
    """
    return "Content Security Policy" in said and not ("inline style" in said and "/katas/" in tab.url)


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab. What its scripts throw, and what the content policy stops, fails the test."""
    tab = context.new_page()
    wrong: list[str] = []
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("console", lambda message: wrong.append(message.text) if is_stopped(message.text, tab) else None)
    yield tab
    assert not wrong, wrong
