"""What one submission leaves, another must not meet, and the host must not keep: programs that need more than one grade."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.sandbox import Isolation, Sandbox
from graders.selfcheck import reference_code
from graders.verdict import Report, Verdict
from katas.bank import Bank
from tests.hostile.patience import PATIENCE, patient

KATA = patient(Bank.open().kata("scaled_dot_product_attention"))
HONEST = reference_code(KATA)
PROGRAMS = Path(__file__).parent / "programs"


class Judge:
    """A sandbox and a grader on it."""

    def __init__(self, sandbox: Sandbox) -> None:
        from graders.grade import Grader

        self.sandbox = sandbox
        self.grader = Grader(sandbox, timeout=PATIENCE)

    def grade(self, name: str = "") -> Report:
        """Grades a program, or the honest solution alone."""
        source = (PROGRAMS / f"{name}.py").read_bytes() if name else b""
        return self.grader.grade(KATA, HONEST + b"\n\n" + source, file=f"{name or 'honest'}.py")


def judging() -> Iterator[Judge]:
    """A judge that has graded once."""
    with Sandbox.start(Isolation.FULL) as sandbox:
        made = Judge(sandbox)
        assert made.grade().verdict is Verdict.PASSED
        yield made
        made.grader.close()


judge = pytest.fixture(judging, scope="module", name="judge")
own_judge = pytest.fixture(judging, name="own_judge")  # of one test, which ends its zygote


# line: B98 B120 B122
@pytest.mark.parametrize(
    "name", ["leaves_everything", "leaves_a_note", "ipc_channel", "corrupts_library", "global_state"]
)
def test_the_second_run_of_a_program_finds_nothing_of_the_first(judge: Judge, name: str) -> None:
    first, second = judge.grade(name), judge.grade(name)
    assert (first.verdict, second.verdict) == (Verdict.PASSED, Verdict.PASSED), (first, second)
    assert first.output.stdout == second.output.stdout
    assert judge.grade().verdict is Verdict.PASSED


# line: B116
def test_no_two_runs_draw_the_same_random_numbers(judge: Judge) -> None:
    drawn = [judge.grade("same_randomness").output.stdout.split()[1:] for _ in range(3)]
    for numbers in zip(*drawn, strict=True):
        assert len(set(numbers)) == 3, drawn


# line: B113 B117
def test_the_zygote_has_one_thread_and_shares_no_memory_that_can_be_written(judge: Judge) -> None:
    zygote = Path("/proc") / str(judge.sandbox.processes()["zygote"])
    assert len(list((zygote / "task").iterdir())) == 1
    shared = [line for line in (zygote / "maps").read_text().splitlines() if line.split()[1][3] == "s"]
    assert [line for line in shared if "w" in line.split()[1]] == []


# line: B112
def test_the_zygote_was_started_with_an_empty_environment(judge: Judge) -> None:
    zygote = Path("/proc") / str(judge.sandbox.processes()["zygote"])
    names = {entry.split(b"=")[0] for entry in (zygote / "environ").read_bytes().split(b"\0") if entry}
    assert names <= {b"OMP_NUM_THREADS", b"OPENBLAS_NUM_THREADS", b"MKL_NUM_THREADS"}


# line: B118
def test_a_zygote_that_was_killed_is_started_again_and_nobody_is_blamed(own_judge: Judge) -> None:
    os.kill(own_judge.sandbox.processes()["zygote"], signal.SIGKILL)
    assert own_judge.grade().verdict is Verdict.PASSED
    assert own_judge.grade("crashes").verdict is Verdict.CRASHED
    assert own_judge.grade().verdict is Verdict.PASSED


def mounted() -> list[str]:
    """The machine's mounts but those in temporary folders of tests, which other tests make and end meanwhile."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [line for line in lines if "/pytest-of-" not in line]


def held(sandbox: Sandbox) -> dict[str, int]:
    """What this process and its sandbox hold of the machine."""
    assert sandbox._group is not None
    mounts = len(mounted())
    groups = sum(entry.is_dir() for folder in sandbox._group.folders for entry in folder.iterdir())
    return {"descriptors": len(os.listdir("/proc/self/fd")), "mounts": mounts, "groups": groups}


def held_by(zygote: int) -> dict[str, int]:
    """What a zygote holds."""
    folder = Path("/proc") / str(zygote)
    children = (folder / "task" / str(zygote) / "children").read_text().split()
    status = (folder / "status").read_text()
    memory = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon:"))
    mounts = len((folder / "mountinfo").read_text().splitlines())
    return {
        "descriptors": len(os.listdir(folder / "fd")),
        "children": len(children),
        "mounts": mounts,
        "mib": memory >> 13,  # in steps of 8 MiB
    }


# line: B121
def test_crash_after_crash_leaves_descriptors_mounts_groups_and_memory_as_they_were(judge: Judge) -> None:
    crash_again_and_again(judge, 25)


# line: B121
@pytest.mark.long
def test_thousands_of_crashes_leave_descriptors_mounts_groups_and_memory_as_they_were(judge: Judge) -> None:
    crash_again_and_again(judge, 2500)


def crash_again_and_again(judge: Judge, grades: int) -> None:
    """Four jails crash in each grade."""
    zygote = judge.sandbox.processes()["zygote"]
    for name in ("crashes", "leaves_everything"):
        judge.grade(name)
    before = held(judge.sandbox), held_by(zygote)
    for number in range(grades):
        assert judge.grade("crashes").verdict is Verdict.CRASHED
        if number % 10 == 0:
            assert judge.grade("leaves_everything").verdict is Verdict.PASSED
    assert (held(judge.sandbox), held_by(zygote)) == before
    assert judge.grade().verdict is Verdict.PASSED
