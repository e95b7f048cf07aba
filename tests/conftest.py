"""What every test stands on: a scrubbed environment, a data folder of its own, and slow tests last."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
Command = Callable[..., subprocess.CompletedProcess[str]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What fails quickly is seen quickly; of what is slow the longest comes first, so that none is waited for alone."""

    def place(item: pytest.Item) -> tuple[bool, bool, float]:
        slow = item.get_closest_marker("slow")
        seconds = slow.args[0] if slow is not None and slow.args else 0.0
        return item.get_closest_marker("long") is not None, slow is not None, -seconds

    items.sort(key=place)


def noon() -> str:
    """A zone where it is noon now: no day ends while a test runs that asks twice what today is."""
    ahead = 12 - time.gmtime().tm_hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


@pytest.fixture(autouse=True)
def _scrubbed_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("TORCHKATA_", "LC_")) or name in ("LANG", "LANGUAGE", "COLUMNS", "FORCE_COLOR"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TORCHKATA_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("TZ", noon())


@pytest.fixture
def torchkata(tmp_path: Path) -> Command:
    """Runs the real command in a process of its own: `torchkata("grade", "x.py", stdin=..., env=...)`."""

    def run(
        *arguments: str, stdin: str | bytes = "", env: dict[str, str] | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", *arguments],
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            cwd=cwd or tmp_path,
            env={**os.environ, **(env or {})},
            timeout=240,  # never met; a hang must end as a failed test
        )
        out, err = done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
        return subprocess.CompletedProcess(arguments, done.returncode, out, err)

    return run
