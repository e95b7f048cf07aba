"""Schemathesis reads the API's description and asks for all that it promises, and for what it does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.webs import Web, listening


def examined(web: Web, folder: Path, examples: int, seed: int) -> subprocess.CompletedProcess[str]:
    """Every check of schemathesis, against a real server."""
    with listening(web) as (host, port):
        return subprocess.run(
            [
                *(str(Path(sys.executable).with_name("schemathesis")), "run", f"http://{host}:{port}/api/openapi.json"),
                *("--checks", "all", "--phases", "examples,coverage,fuzzing,stateful", "--no-color"),
                *("--max-examples", str(examples), "--seed", str(seed), "--continue-on-failure"),
            ],
            capture_output=True,
            text=True,
            cwd=folder,
            timeout=1800,  # never met; a hang must end as a failed test
        )


@pytest.mark.slow
def test_the_api_is_as_described(web: Web, tmp_path: Path) -> None:
    done = examined(web, tmp_path, 6, 1)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr
    assert "passed" in done.stdout


@pytest.mark.long
@pytest.mark.parametrize("seed", [2, 3])
def test_the_api_is_as_described_whatever_is_asked(web: Web, tmp_path: Path, seed: int) -> None:
    done = examined(web, tmp_path, 100, seed)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr
