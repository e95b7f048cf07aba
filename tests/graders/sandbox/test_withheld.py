"""The sandbox where rights are missing: refused with the cause and the cure, or reduced and saying so; never silently less."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graders.sandbox import cgroup

HERE = Path(__file__).parent
USER = 12345
LENT = f"test-{os.getpid()}"  # a cgroup of this name is delegated to the user


@pytest.fixture(autouse=True)
def no_cgroup_is_left() -> Iterator[None]:
    """Removes the cgroups that were lent to an ordinary user; there is nothing in them but what the sandbox forgot."""
    yield
    for hierarchy in cgroup.discover():
        folder = hierarchy.base / LENT
        if folder.exists():
            left = [entry.name for entry in folder.iterdir() if entry.is_dir() and entry.name != "torchkata-host"]
            assert left == []
            cgroup.remove_tree(folder, 0)


def told(level: str, **circumstances: Any) -> dict[str, Any]:
    """What report.py says under these circumstances."""
    arranged = [sys.executable, str(HERE / "circumstances.py"), json.dumps(circumstances)]
    command = [*arranged, str(HERE / "report.py"), level]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[2])}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    return answer


def missing(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {part["name"]: part for part in answer["parts"] if not part["ok"]}


def test_an_ordinary_user_reaches_full_with_a_delegated_cgroup() -> None:
    answer = told("full", uid=USER, cgroup=LENT)
    assert answer["level"] == "full"
    assert answer["done"]["sum"] == ["10", None, False]
    assert answer["done"]["passwd"] == ["", "FileNotFoundError", False]
    assert answer["done"]["hog"] == ["", None, True]


def test_full_is_refused_without_a_cgroup_and_says_how_to_get_one() -> None:
    answer = told("full", read_only=True)
    assert answer["refused"]
    assert answer["part"] == "cgroup"
    assert "read-only" in answer["cause"]
    assert "writable-cgroups" in answer["cure"]


def test_reduced_without_a_cgroup_still_bounds_memory_and_names_what_is_missing() -> None:
    answer = told("reduced", read_only=True)
    assert answer["level"] == "reduced"
    assert list(missing(answer)) == ["cgroup"]
    assert answer["done"]["sum"][0] == "10"
    assert "kept" not in answer["done"]["hog"][0]
    assert answer["done"]["hog"][2]  # told as memory
    assert answer["done"]["memfd"][1] == "PermissionError"  # no rlimit would count it


def test_full_is_refused_without_namespaces_and_names_the_profile_that_docker_needs() -> None:
    answer = told("full", deny=["unshare"])
    assert answer["refused"]
    assert answer["part"] in ("mounts", "user_namespaces")
    assert "--security-opt seccomp" in answer["cure"]


def test_reduced_without_namespaces_has_no_files_no_processes_no_network_and_no_signals() -> None:
    answer = told("reduced", deny=["unshare"], uid=USER, cgroup=LENT)
    assert answer["level"] == "reduced"
    assert list(missing(answer)) == ["user_namespaces"]
    done = answer["done"]
    assert done["sum"] == ["10", None, False]
    assert done["passwd"][:2] == ["", "PermissionError"]
    assert done["process"][:2] == ["", "BlockingIOError"]
    assert done["socket"][:2] == ["", "OSError"]
    assert done["write"][:2] == ["", "PermissionError"]
    assert done["signal"][:2] == ["", "PermissionError"]
    assert done["owner"][:2] == ["", "PermissionError"]  # of a pipe, who would get a signal whenever a byte comes
    assert done["timer"][0] == ""  # it could send SIGKILL to its own process
    assert done["hog"][2]


def test_reduced_with_neither_namespaces_nor_cgroup_still_locks() -> None:
    answer = told("reduced", deny=["unshare"], uid=USER, read_only=True)
    assert answer["level"] == "reduced"
    assert sorted(missing(answer)) == ["cgroup", "user_namespaces"]
    assert answer["done"]["sum"][0] == "10"
    assert answer["done"]["passwd"][1] == "PermissionError"
    assert "kept" not in answer["done"]["hog"][0]
    assert answer["done"]["hog"][2]  # told as memory


@pytest.mark.parametrize("call", ["pivot_root", "mount_setattr"])
def test_a_root_that_cannot_be_changed_is_named(call: str) -> None:
    answer = told("probe", deny=[call], uid=USER, cgroup=LENT)
    part = {"pivot_root": "pivot_root", "mount_setattr": "mounts"}[call]
    assert answer["level"] == "reduced"
    assert next(iter(missing(answer))) == part
    assert missing(answer)[part]["errno"] == 1
    assert missing(answer)[part]["cure"]


def test_the_probe_says_full_for_root_and_for_an_ordinary_user_with_a_cgroup() -> None:
    assert told("probe")["level"] == "full"
    assert told("probe", uid=USER, cgroup=LENT)["level"] == "full"


def test_the_probe_names_cgroup_and_namespaces_each_with_a_cure() -> None:
    found = missing(told("probe", deny=["unshare"], uid=USER, read_only=True))
    assert found["cgroup"]["cure"]
    assert "user_namespaces" in found
    assert all(part["cure"] and part["cause"] for part in found.values())


def test_a_kernel_without_landlock_is_named() -> None:
    found = missing(told("probe", deny=["landlock_create_ruleset"]))
    assert list(found) == ["landlock"]
    assert found["landlock"]["cure"]
