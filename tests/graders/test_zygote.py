"""The zygote seen from outside: what it warms, and that it stays one thread; how jails end is in sandbox/test_jail.py."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from graders.sandbox import Isolation, Sandbox
from tests.graders.sandbox.snippets import run


def test_the_zygote_counts_with_the_same_processor_as_the_trusted_side(sandbox: Sandbox) -> None:
    sandbox.wait_ready()
    assert sandbox.capability == torch.backends.cpu.get_cpu_capability()


def test_the_zygote_has_one_thread_no_environment_and_no_open_file_of_the_host(sandbox: Sandbox) -> None:
    sandbox.wait_ready()
    proc = Path(f"/proc/{sandbox.processes()['zygote']}")
    assert len(os.listdir(proc / "task")) == 1
    names = {word.split("=")[0] for word in (proc / "environ").read_text().split("\0") if word}
    assert names <= {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LC_CTYPE"}
    targets = [os.readlink(proc / "fd" / fd) for fd in os.listdir(proc / "fd")]
    assert [
        target for target in targets if target.startswith("/") and not target.startswith(("/dev/null", "/memfd:"))
    ] == []


def test_the_zygote_is_no_root_outside(sandbox: Sandbox) -> None:
    sandbox.wait_ready()
    status = Path(f"/proc/{sandbox.processes()['zygote']}/status").read_text()
    uid = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1]
    assert uid != "0"


def test_the_zygote_sees_no_file_of_the_host_and_no_proc(sandbox: Sandbox) -> None:
    sandbox.wait_ready()
    mounts = Path(f"/proc/{sandbox.processes()['zygote']}/mountinfo").read_text().splitlines()
    places = {line.split()[4] for line in mounts}
    assert not {"/proc", "/sys", "/old", "/home", "/etc"} & places
    options = {line.split()[4]: line.split()[5].split(",") for line in mounts}
    assert all("ro" in option for option in options.values())


def test_the_compiler_can_be_warmed() -> None:
    with Sandbox.start(Isolation.FULL, warm_compiler=True) as warmed:
        ran = run(warmed.lane(), "import sys\nprint('torch._dynamo' in sys.modules)")
        assert ran.lines == ["True"]
