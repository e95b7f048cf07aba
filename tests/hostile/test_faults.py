"""What breaks under a grade is our own fault, is said to be, and never turns into a verdict."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from graders.sandbox import Isolation, Sandbox, cgroup
from graders.selfcheck import reference_code
from graders.verdict import Verdict
from katas.bank import Bank
from tests.hostile.patience import PATIENCE, patient

KATA = patient(Bank.open().kata("masked_softmax"))
HONEST = reference_code(KATA)
SLOW = HONEST + b"\nimport time\ntime.sleep(0.2)\n"
WRONG = b"def masked_softmax(scores, mask, dim=-1):\n    return scores\n"


def test_without_descriptors_it_is_our_fault_and_later_right_again() -> None:
    from graders.grade import Grader

    with Sandbox.start(Isolation.FULL) as sandbox, Grader(sandbox, timeout=PATIENCE) as grader:
        assert grader.grade(KATA, HONEST).verdict is Verdict.PASSED
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        lowest = min(set(range(3, 4096)) - {int(name) for name in os.listdir("/proc/self/fd")})
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + 3, hard))
        try:
            report = grader.grade(KATA, HONEST)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert report.verdict is Verdict.FAULT
        assert report.message is not None
        assert "not yours" in report.message.en
        assert grader.grade(KATA, HONEST).verdict is Verdict.PASSED


def remove_groups(sandbox: Sandbox) -> None:
    assert sandbox._group is not None
    for folder in sandbox._group.folders:
        folder.rmdir()  # the sandbox's own; no jail is in it now


def test_without_its_cgroup_nothing_is_judged_there_and_another_sandbox_judges() -> None:
    from graders.grade import Grader

    with Sandbox.start(Isolation.FULL) as sandbox, Grader(sandbox, timeout=PATIENCE) as grader:
        assert grader.grade(KATA, HONEST).verdict is Verdict.PASSED
        remove_groups(sandbox)
        for code, wanted in ((HONEST, Verdict.PASSED), (WRONG, Verdict.FAILED)):
            report = grader.grade(KATA, code)
            assert report.verdict is wanted
            assert report.environment is not None
            assert report.environment.isolation.level == "full"
        assert "cgroup" in sandbox.suspicion


def test_where_no_cgroup_can_be_made_any_more_nothing_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    from graders.grade import Grader

    with Sandbox.start(Isolation.FULL) as sandbox, Grader(sandbox, timeout=PATIENCE) as grader:
        assert grader.grade(KATA, HONEST).verdict is Verdict.PASSED
        remove_groups(sandbox)
        monkeypatch.setattr(cgroup, "PREFIX", "no/such/folder-")
        assert grader.grade(KATA, HONEST).verdict is Verdict.FAULT
        monkeypatch.undo()
        assert grader.grade(KATA, HONEST).verdict is Verdict.PASSED


@pytest.mark.parametrize("isolation", ["full", "reduced"])
def test_a_full_disk_changes_no_verdict(isolation: str) -> None:
    project = Path(__file__).parents[2]
    places = ("/tmp", "/var/tmp", "/dev/shm", os.path.expanduser("~/.cache"))
    needed = (project, Path(sys.prefix), Path(sys.base_prefix))  # what is filled hides what lies there
    full = [place for place in places if not any(path.is_relative_to(place) for path in needed)]
    words = {"full": full, "read_only": isolation == "reduced"}
    script = [str(project / "tests/graders/sandbox/circumstances.py"), json.dumps(words)]
    grade = ["-m", "app.cli", "grade", str(project / "examples/multi_head_attention.py"), "--isolation", isolation]
    environment = {**os.environ, "PYTHONPATH": str(project)}
    command = [sys.executable, *script, *grade, "--format", "json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=240)
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    assert report["verdict"] == "passed", done.stderr
    assert report["environment"]["isolation"]["level"] == isolation


@pytest.mark.parametrize("seed", range(4))
def test_kills_at_random_moments_never_change_a_verdict(seed: int) -> None:
    from graders.grade import Grader

    chance = random.Random(seed)
    with Sandbox.start(Isolation.FULL) as sandbox, Grader(sandbox, timeout=PATIENCE) as grader:
        assert grader.grade(KATA, HONEST).verdict is Verdict.PASSED
        over = threading.Event()

        def kill() -> None:
            over.wait(chance.uniform(0.0, 0.4))
            victims = [*sandbox.processes().values(), *sandbox.jail_pids()]
            if victims:
                try:
                    os.kill(chance.choice(victims), signal.SIGKILL)
                except ProcessLookupError:
                    return

        for code, wanted in ((SLOW, Verdict.PASSED), (WRONG, Verdict.FAILED)):
            killer = threading.Thread(target=kill)
            killer.start()
            try:
                report = grader.grade(KATA, code)
            finally:
                killer.join()
            assert report.verdict in (wanted, Verdict.FAULT), f"seed {seed}: {report.verdict}"
        over.set()
        assert grader.grade(KATA, HONEST).verdict is Verdict.PASSED
        assert grader.grade(KATA, WRONG).verdict is Verdict.FAILED
