"""Real workers on a real data folder: started, looked into, killed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app import channel

PATIENCE = 240.0  # seconds; never met, a hang must end as a failed test


def until(true: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """Waits for something true, and gives it."""
    end = time.monotonic() + patience
    while not (found := true()):
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)
    return found


def parents() -> dict[int, int]:
    """pid -> parent's pid of every process that is not a zombie."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if state not in "ZX":
                found[int(entry.name)] = int(parent)
    return found


def below(pid: int) -> list[int]:
    """Every process under `pid`, the nearest first."""
    known, found = parents(), [pid]
    for one in found:
        found += [child for child, parent in known.items() if parent == one]
    return found[1:]


def command(pid: int) -> str:
    """How it was started."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def alive(pid: int) -> bool:
    """Whether it runs; a zombie does not."""
    return pid in parents()


@dataclass
class Members:
    """The processes of one worker."""

    worker: int
    crew: int
    lanes: list[int]
    sandbox: list[int]  # launcher and zygote
    jails: list[int]

    @property
    def everybody(self) -> list[int]:
        """All of them."""
        return [self.worker, self.crew, *self.lanes, *self.sandbox, *self.jails]


def members(worker: int) -> Members | None:
    """Who belongs to a worker; None while its grader is not there."""
    known = parents()
    crews = [pid for pid, parent in known.items() if parent == worker and "app.lanes" in command(pid)]
    if not crews:
        return None
    lanes = [pid for pid, parent in known.items() if parent == crews[0] and "app.lanes" in command(pid)]
    launchers = [pid for pid, parent in known.items() if parent == crews[0] and "launcher.py" in command(pid)]
    sandbox = launchers + [pid for pid, parent in known.items() if parent in launchers]
    jails = [pid for pid in below(worker) if pid not in (crews[0], *lanes, *sandbox)]
    return Members(worker, crews[0], lanes, sandbox, jails)


def kill(pid: int) -> None:
    """As the kernel's out-of-memory killer would."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def worker_of(server: int) -> int | None:
    """The worker that a web process started."""
    return next((pid for pid in below(server) if "app.worker" in command(pid)), None)


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Nothing is judged meanwhile: what is submitted waits."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def start_worker(data: Path, lanes: int = 2) -> subprocess.Popen[bytes]:
    """`torchkata worker`, not waited for."""
    log = (data.parent / "worker.log").open("ab")
    with log:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "app.cli", "worker", "--data", str(data), "--lanes", str(lanes)],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def ready(data: Path) -> bool:
    """Whether a worker on this folder says that it can grade."""
    try:
        with channel.connect(data) as sock:
            sock.setblocking(True)
            sock.settimeout(5)
            with sock.makefile("rb") as lines:
                return bool(json.loads(lines.readline())["status"]["ready"])
    except (OSError, ValueError):
        return False


@contextmanager
def working(data: Path, lanes: int = 2) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that can grade."""
    process = start_worker(data, lanes)
    try:
        until(lambda: ready(data) or process.poll() is not None, "the worker")
        assert process.poll() is None, (data.parent / "worker.log").read_text()
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


class Journal:
    """Every verdict that is ever written, noted by the database itself."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._ask(
            "CREATE TABLE journal (id TEXT, state TEXT)",
            "CREATE TRIGGER noted AFTER UPDATE ON submissions WHEN NEW.state <> OLD.state"
            " BEGIN INSERT INTO journal VALUES (NEW.id, NEW.state); END",
        )

    def ended(self) -> list[str]:
        """Ids in the order of their ends; twice who ended twice."""
        rows = self._ask("SELECT id FROM journal WHERE state IN ('done', 'fault', 'cancelled') ORDER BY rowid")
        return [name for (name,) in rows]

    def claimed(self) -> list[str]:
        """Ids in the order of their claims."""
        return [name for (name,) in self._ask("SELECT id FROM journal WHERE state = 'running' ORDER BY rowid")]

    def states(self) -> dict[str, int]:
        """State -> how many submissions are in it now."""
        return dict(self._ask("SELECT state, count(*) FROM submissions GROUP BY state"))

    def _ask(self, *statements: str) -> list[Any]:
        connection = sqlite3.connect(self.file, timeout=30)
        try:
            with connection:
                for statement in statements:
                    rows = connection.execute(statement).fetchall()
            return rows
        finally:
            connection.close()
