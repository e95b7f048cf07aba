"""The entry point on version 2 of control groups: a real tree, as a container with a private cgroup namespace sees it."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.deploy.containers import USER


def unified() -> Path | None:
    """Where version 2 is mounted, if this process may use it."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2" and os.geteuid() == 0 and os.access(place, os.W_OK):
            return Path(place)
    return None


@pytest.fixture
def group() -> Iterator[Path]:
    """A group of the test's own."""
    base = unified()
    if base is None:
        pytest.skip("no writable cgroup version 2")
    own = next(line for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::"))
    made = base / own.removeprefix("0::/") / f"torchkata-test-{secrets.token_hex(4)}"
    made.mkdir()
    yield made
    for folder in (made / "supervisor", made):
        if folder.exists():
            folder.rmdir()


def test_version_2_is_handed_over_but_for_the_container_s_own_limits(group: Path) -> None:
    inside = (
        f"mount -t tmpfs none /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec {ROOT}/deploy/entrypoint sh -c '"
        "id -u; cat /proc/self/cgroup | grep ^0; cd /sys/fs/cgroup;"
        " stat -c %u . cgroup.procs cgroup.subtree_control supervisor supervisor/cgroup.procs cgroup.max.depth;"
        " wc -w <cgroup.procs; mkdir below && echo made && rmdir below'"
    )
    script = f'echo $$ >{group}/cgroup.procs; exec unshare --mount --cgroup sh -c "$1"'
    done = subprocess.run(["sh", "-c", script, "sh", inside], capture_output=True, text=True)
    assert done.stdout.split() == [str(USER), "0::/supervisor", *[str(USER)] * 5, "0", "0", "made"], done.stderr
