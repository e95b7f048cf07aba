"""The server as the image runs it: the wheel in an environment of its own, another user, the flags of compose.yaml."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import ROOT
from tests.deploy.containers import CODE, ENVIRONMENT, USER, Container, entered, flagged, missing, python

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("containers"),
    pytest.mark.skipif(bool(missing()), reason=missing()),
]
EXAMPLE = ROOT / "examples" / "multi_head_attention.py"
PATIENCE = 120.0  # never met; a hang must end as a failed test


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel in it, as the Dockerfile makes one; torch and the like are lent, being large."""
    folder = tmp_path_factory.mktemp("image")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    home = folder / "torchkata"
    venv.create(home, with_pip=False)
    install = ["--python", str(home / "bin" / "python"), "install", "--no-deps", "--no-index", "--quiet", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True, capture_output=True)
    packages = next((home / "lib").glob("python*/site-packages"))
    lent = Path(ENVIRONMENT, "lib", packages.parent.name, "site-packages")
    (packages / "lent.pth").write_text(f"{lent}\n")
    return home


SERVE = ("/opt/torchkata/bin/python", "-m", "app.cli", "serve")


def environment(installed: Path) -> dict[str, Any]:
    """What a container needs to serve from there, at a free port."""
    variables = {"PYTHONPATH": "", "TORCHKATA_HOST": "0.0.0.0", "TORCHKATA_PORT": "0", "HOME": "/data"}
    return {"host_network": True, "environment": variables, "binds": {"/opt/torchkata": str(installed)}}


@contextmanager
def serving(container: Container, *command: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A running server: its address and crun's process."""
    log = container.folder / "err"
    with log.open("wb") as err:
        process = container.start(*command, stdout=subprocess.PIPE, stderr=err)
        assert process.stdout is not None
        try:
            line = process.stdout.readline().decode()
            found = re.search(r"http://\S+?:\d+", line)
            assert found is not None, line + log.read_text()
            yield found[0], process
        finally:
            container.remove()
            process.wait(PATIENCE)
            process.stdout.close()


def until(client: httpx.Client, path: str, done: str, states: set[str]) -> Any:
    """Asks until a field has one of the wanted words."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        answer = client.get(path).json()
        if answer[done] in states:
            return answer
        time.sleep(0.1)
    raise AssertionError(answer)


def test_the_server_answers_judges_and_ends_on_a_signal(installed: Path, tmp_path: Path) -> None:
    container = flagged(tmp_path / "c", **environment(installed))
    with (
        serving(container, *entered(*SERVE)) as (address, process),
        httpx.Client(base_url=address, timeout=PATIENCE) as client,
    ):
        health = until(client, "/api/health", "status", {"ok"})
        assert health["worker"]["isolation"] == "full"
        assert client.get("/").status_code == 200
        assert client.get("/", headers={"Host": "elsewhere.example"}).status_code == 400
        words = {"kata": "multi_head_attention", "code": EXAMPLE.read_text(encoding="utf-8")}
        accepted = client.post("/api/submissions", json=words)
        assert accepted.status_code == 202, accepted.text
        row = until(client, f"/api/submissions/{accepted.json()['id']}", "state", {"done", "failed", "fault"})
        assert row["report"]["verdict"] == "passed", row
        assert row["report"]["environment"]["isolation"]["level"] == "full"
        assert {path.stat().st_uid for path in container.data.rglob("*")} == {USER}
        container.signal("TERM")
        assert process.wait(PATIENCE) == 0


def calls(words: list[str]) -> set[str]:
    """The system calls behind names and @groups, as this machine's systemd knows them."""
    found: set[str] = set()
    for word in words:
        if word.startswith("@"):
            command = ["systemd-analyze", "syscall-filter", "--no-pager", word]
            text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            lines = [line.strip() for line in text.splitlines()[1:]]
            found |= calls([line for line in lines if line and not line.startswith("#")])
        else:
            found.add(word)
    return found


def rules(name: str) -> dict[str, Any]:
    """A unit's SystemCallFilter= and RestrictAddressFamilies= as a runtime reads them."""
    text = (ROOT / "deploy" / "systemd" / f"{name}.service").read_text(encoding="utf-8")
    allowed = calls(["@default"])
    for line in re.findall(r"(?m)^SystemCallFilter=(.+)$", text):
        named = calls(line.removeprefix("~").split())
        allowed = allowed - named if line.startswith("~") else allowed | named
    allowed -= {"socket"}
    (families,) = re.findall(r"(?m)^RestrictAddressFamilies=(.+)$", text)
    numbers = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}
    made: list[dict[str, Any]] = [{"names": sorted(allowed), "action": "SCMP_ACT_ALLOW"}]
    for family in families.split():
        args = [{"index": 0, "value": numbers[family], "op": "SCMP_CMP_EQ"}]
        made.append({"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": args})
    return {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "syscalls": made}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("name", ["torchkata", "torchkata-worker"])
def test_the_calls_of_a_unit_are_enough_for_a_grade_at_full(tmp_path: Path, name: str) -> None:
    grade = python("-m", "app.cli", "grade", "--format", "json", f"{CODE}/examples/{EXAMPLE.name}")
    # The entry point stands for systemd here, which hands a delegated group to the unit's user.
    done = flagged(tmp_path / "c", rules(name)).run(*entered(*grade))
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert (report["verdict"], report["environment"]["isolation"]["level"]) == ("passed", "full")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_the_calls_of_the_web_s_unit_are_enough_to_serve_pages(installed: Path, tmp_path: Path) -> None:
    options = environment(installed)
    container = Container(tmp_path / "c", rules("torchkata-web"), no_new_privileges=True, read_only=True, **options)
    with (
        serving(container, *SERVE, "--no-worker") as (address, process),
        httpx.Client(base_url=address, timeout=PATIENCE) as client,
    ):
        assert client.get("/api/health").json()["status"] == "degraded"
        assert client.get("/katas/multi_head_attention").status_code == 200
        container.signal("TERM")
        assert process.wait(PATIENCE) == 0
