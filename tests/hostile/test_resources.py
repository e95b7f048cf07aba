"""What one submission cannot show: a second run of it, the host's own memory and descriptors, the report that is written."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from app.reports.text import render
from graders import wire
from graders.dialogue import Capture, Dialogue
from graders.sandbox import Isolation, Limits, Sandbox, cgroup
from graders.selfcheck import reference_code
from graders.verdict import Report, Verdict
from katas.bank import Bank
from tests.hostile.patience import PATIENCE, patient

KATA = patient(Bank.open().kata("scaled_dot_product_attention"))
HONEST = reference_code(KATA)
PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.start(Isolation.FULL) as started:
        started.wait_ready()  # here, and not in two threads at once
        yield started


def grade(sandbox: Sandbox, program: str, seconds: float = PATIENCE) -> Report:
    """One grade of a hostile program over a lane of its own; few end by the clock, and no others may on a busy machine."""
    from graders.grade import Grader

    source = (PROGRAMS / f"{program}.py").read_bytes()
    with Grader(sandbox, timeout=seconds) as grader:
        return grader.grade(KATA, HONEST + b"\n\n" + source, file=f"{program}.py")


def resident() -> int:
    """Bytes of anonymous memory of this process."""
    text = Path("/proc/self/status").read_text()
    return int(text.split("RssAnon:")[1].split()[0]) << 10


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("program", ["leaves_a_note", "plants_startup", "poisons_caches"])
def test_a_second_run_meets_nothing_of_the_first(sandbox: Sandbox, program: str) -> None:
    # line: B34 B35
    for _ in range(2):
        report = grade(sandbox, program)
        assert report.verdict is Verdict.PASSED
        assert "found 0" in report.output.stdout


@pytest.mark.parametrize(("program", "verdict"), [("output_flood", "output_limit"), ("stderr_flood", "passed")])
def test_a_flood_is_cut_and_the_hosts_memory_stays_flat(sandbox: Sandbox, program: str, verdict: str) -> None:
    # line: B22 B23
    keep = int(KATA.limits["output_kib"]) << 10
    grade(sandbox, program)
    before = resident()
    for _ in range(5):
        report = grade(sandbox, program)
        assert report.verdict == verdict
        assert report.output.truncated
        assert len(report.output.stdout) <= keep
        assert len(report.output.stderr) <= keep
    assert resident() - before < 8 << 20


def test_no_control_character_of_a_submission_reaches_a_terminal(sandbox: Sandbox) -> None:
    # line: B25
    report = grade(sandbox, "dirty_output")
    assert Report.model_validate_json(report.to_json()) == report
    console = Console(width=200, color_system=None, legacy_windows=False)
    with console.capture() as captured:
        console.print(render(report, "en"))
    shown = captured.get()
    assert not [letter for letter in shown if (ord(letter) < 32 and letter != "\n") or 127 <= ord(letter) < 160]
    assert not set(shown) & set("\u202e\u2066")


def test_files_that_a_jail_reads_are_charged_to_it_and_do_not_end_it() -> None:
    # line: B20
    limits = Limits(memory=64 << 20)
    with Sandbox.start(Isolation.FULL, limits=limits) as small:
        lane = small.lane()
        with Dialogue(lane.take(), Capture(1 << 16, 1 << 20), 1 << 20) as dialogue:
            source = b"def entry(): pass\n" + (PROGRAMS / "cache_thrash.py").read_bytes()
            dialogue.send(wire.pack(wire.LOAD, {"entry": "entry", "file": "x.py"}, [source]))
            answer = dialogue.receive(time.monotonic() + 60)
            peak = dialogue.jail.finish().peak_memory
        lane.close()
    assert answer.header["ok"] is True
    assert peak is not None
    assert peak <= limits.memory + (8 << 20)


def test_nothing_is_held_after_the_worst(sandbox: Sandbox) -> None:
    # line: B13 B15 B16 B17
    grade(sandbox, "fork_bomb")
    before = descriptors()
    for program in ("fork_bomb", "daemon", "zombie_flood", "descriptor_flood", "inflight_descriptors", "hog_pipes"):
        assert grade(sandbox, program).verdict is Verdict.PASSED, program
    assert descriptors() == before
    assert sandbox.jail_pids() == []


def test_a_jail_of_many_busy_processes_leaves_a_neighbour_its_share(sandbox: Sandbox) -> None:
    # line: B13
    from graders.grade import Grader

    meter = b"""
import time
start, used = time.monotonic(), time.process_time()
while time.monotonic() < start + 1.5:
    pass
print((time.process_time() - used) / 1.5)
"""
    reports: list[Report] = []
    busy = threading.Thread(target=lambda: reports.append(grade(sandbox, "busy_processes", 2.5)))
    with Grader(sandbox) as grader:
        busy.start()
        report = grader.grade(KATA, HONEST + meter)
        busy.join()
    assert report.verdict is Verdict.PASSED
    assert [other.verdict for other in reports] == [Verdict.TIMEOUT]
    fair = any(cgroup.FAIR in hierarchy.controllers for hierarchy in cgroup.discover())
    # One of 61 processes would get 0.03 of two processors; other work on the machine takes some of the fair share.
    assert float(report.output.stdout) > (0.1 if fair else 0)
