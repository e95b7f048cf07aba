"""Many runs, one in four hostile: memory, descriptors, mounts and cgroups stay flat, and after the end nothing is left."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from graders.sandbox import Isolation, Sandbox
from graders.selfcheck import reference_code
from graders.verdict import Verdict
from katas.bank import Bank
from tests.hostile.patience import PATIENCE, patient
from tests.hostile.test_between_runs import mounted

KATA = patient(Bank.open().kata("masked_softmax"))
HONEST = reference_code(KATA)
ENTRY = "def masked_softmax(scores, mask, dim=-1):\n"
HOSTILE: dict[str, tuple[bytes, set[Verdict]]] = {
    "exits": (b"import os\nos._exit(0)\n", {Verdict.CRASHED}),
    "hogs": ((ENTRY + "    return [bytearray(b'x' * (1 << 28)) for _ in range(64)]\n").encode(), {Verdict.MEMORY}),
    "floods": ((ENTRY + "    while True:\n        print('x' * 65536)\n").encode(), {Verdict.OUTPUT_LIMIT}),
    "forges": ((ENTRY + "    import os\n    os.write(4, b'x' * 100)\n").encode(), {Verdict.CRASHED}),
    "forks": (
        HONEST + b"\nimport os, time\nfor _ in range(40):\n    if os.fork() == 0:\n        time.sleep(3600)\n",
        {Verdict.PASSED},
    ),
    "segfaults": ((ENTRY + "    import ctypes\n    ctypes.string_at(0)\n").encode(), {Verdict.CRASHED}),
    "raises": ((ENTRY + "    raise SystemExit(0)\n").encode(), {Verdict.ERROR}),
    "writes": (HONEST + b"\nopen('/tmp/x', 'wb').write(b'x' * (8 << 20))\n", {Verdict.PASSED}),
}
GRADER_SLACK = 24 << 10  # KiB: what caches and the allocator may still gain after the first runs
ZYGOTE_SLACK = 4 << 10


@dataclass(frozen=True)
class Held:
    """What this process and the zygote hold."""

    descriptors: int
    mounts: int
    children: int
    cgroups: int
    grader_kib: int
    zygote_kib: int
    zygote_descriptors: int


def groups(sandbox: Sandbox) -> int:
    """Cgroup folders that this sandbox made for jails; other sandboxes of the machine have their own."""
    assert sandbox._group is not None
    return sum(1 for folder in sandbox._group.folders for child in folder.iterdir() if child.is_dir())


def kib(pid: int) -> int:
    """Resident memory of a process that is not shared."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(number) for number in re.findall(r"Private_(?:Clean|Dirty):\s+(\d+)", text))


def held(sandbox: Sandbox) -> Held:
    """A snapshot."""
    zygote = sandbox.processes()["zygote"]
    children = Path(f"/proc/{zygote}/task/{zygote}/children").read_text().split()
    return Held(
        len(os.listdir("/proc/self/fd")),
        len(mounted()),
        len(children),
        groups(sandbox),
        kib(os.getpid()),
        kib(zygote),
        len(os.listdir(f"/proc/{zygote}/fd")),
    )


def soak(runs: int) -> None:
    """Grades `runs` times over one lane without a pool, and compares what is held early with what is held at the end."""
    from graders.grade import Grader

    names = sorted(HOSTILE)
    with Sandbox.start(Isolation.FULL) as sandbox, Grader(sandbox, timeout=PATIENCE) as grader:
        early = None
        for number in range(runs):
            if number % 4 == 3:
                code, wanted = HOSTILE[names[(number // 4) % len(names)]]
            else:
                code, wanted = HONEST, {Verdict.PASSED}
            report = grader.grade(KATA, code)
            assert report.verdict in wanted, (number, report.verdict, report.message)
            if number == 4 * len(names) - 1:  # every kind has been seen once, and every cache is filled
                early = held(sandbox)
        late = held(sandbox)
        launcher = sandbox.processes()["launcher"]
    assert early is not None
    flat = ("descriptors", "mounts", "children", "cgroups", "zygote_descriptors")
    assert {name: getattr(late, name) for name in flat} == {name: getattr(early, name) for name in flat}
    assert late.grader_kib - early.grader_kib < GRADER_SLACK, (early, late)
    assert late.zygote_kib - early.zygote_kib < ZYGOTE_SLACK, (early, late)
    assert not Path(f"/proc/{launcher}").exists()


@pytest.mark.slow(60)
def test_two_hundred_runs_leave_nothing() -> None:
    soak(200)


@pytest.mark.long
def test_two_thousand_runs_leave_nothing() -> None:
    soak(2000)
