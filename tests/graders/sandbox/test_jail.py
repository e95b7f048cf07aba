"""How jails end, and what is told of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from graders.sandbox import Isolation, Lane, Limits, Sandbox
from graders.sandbox.jail import pid_of, readable
from tests.graders.sandbox.snippets import collect, load, run


@pytest.fixture(scope="module")
def small() -> Iterator[Sandbox]:
    """A sandbox with small limits, so that reaching them is quick."""
    limits = Limits(memory=96 << 20, pids=12, cpu_seconds=2, tmp=8 << 20)
    with Sandbox.start(Isolation.FULL, limits=limits) as started:
        yield started


@pytest.fixture
def tight(small: Sandbox) -> Iterator[Lane]:
    opened = small.lane()
    yield opened
    opened.close()


def test_an_exit_code_is_told(lane: Lane) -> None:
    ending = run(lane, "import os\nos._exit(7)").ending
    assert (ending.exit_code, ending.signal, ending.killed, ending.out_of_memory) == (7, None, False, False)


def test_a_jail_ends_well_when_the_job_pipe_closes(lane: Lane) -> None:
    jail = lane.take()
    os.close(jail.job)
    jail.job = -1
    assert readable(jail.pidfd, 10)
    assert jail.finish().exit_code == 0


def test_a_crash_is_a_signal(lane: Lane) -> None:
    ending = run(lane, "import ctypes\nctypes.string_at(0)").ending
    assert ending.signal == signal.SIGSEGV
    assert not ending.zygote_lost


@pytest.mark.parametrize(
    "code",
    [
        "kept = bytearray(1 << 30)",
        "import mmap\nkept = mmap.mmap(-1, 1 << 30)\nkept.write(bytes(1 << 30))",
        "import os\nwhile True: os.write(os.memfd_create('x'), bytes(1 << 22))",
        "import torch\nkept = [torch.ones(1 << 20) for _ in range(999)]",
        "import os\nif os.fork() == 0:\n    kept = bytearray(1 << 30)\nos.wait()",
    ],
    ids=["bytearray", "mmap", "memfd", "torch", "child"],
)
def test_memory_over_the_limit_is_told_as_such(tight: Lane, code: str) -> None:
    assert run(tight, code).ending.out_of_memory


def test_memory_below_the_limit_is_granted(tight: Lane) -> None:
    ran = run(tight, "kept = bytearray(90 << 20)\nprint('granted')")
    assert ran.lines == ["granted"]
    assert ran.ending.peak_memory is not None
    assert 90 << 20 < ran.ending.peak_memory < 112 << 20


def test_the_peak_is_known_while_it_runs_and_does_not_count_the_zygote(lane: Lane) -> None:
    jail = lane.take()
    peak = jail.memory_peak()
    assert peak is not None
    assert 0 < peak < 64 << 20
    jail.finish()


def test_used_up_cpu_time_is_told_as_such(tight: Lane) -> None:
    ran = run(tight, "while True: pass", 60)
    assert ran.ending.out_of_cpu
    assert not ran.ending.killed
    assert not ran.ending.out_of_memory


FORK_BOMB = """
import os, time
forked = 0
try:
    while True:
        if os.fork() == 0: time.sleep(600)
        forked += 1
except BlockingIOError:
    print(forked)
"""
THREAD_BOMB = """
import threading, time
try:
    for started in range(99): threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
except RuntimeError:
    print(started)
"""


@pytest.mark.parametrize("bomb", [FORK_BOMB, THREAD_BOMB], ids=["processes", "threads"])
def test_bombs_are_held_and_all_of_them_are_dead(tight: Lane, bomb: str) -> None:
    assert 0 < int(run(tight, bomb).out) < 12


def test_a_daemon_is_dead_when_the_jail_is_finished(lane: Lane) -> None:
    jail = lane.take()
    code = """
import os, sys
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print('alive', flush=True)
        while True: pass
    os._exit(0)
os.wait()
"""
    leaf = jail._leaf
    assert leaf is not None
    load(jail, code)
    while b"alive" not in (os.read(jail.stdout, 99) if readable(jail.stdout, 10) else b"alive"):
        continue
    folders = [folder for folder, _ in leaf._folders]
    assert max(len((folder / "cgroup.procs").read_text().split()) for folder in folders) >= 2
    jail.finish()
    assert not any(folder.exists() for folder in folders)


def test_a_jail_that_takes_long_to_die_is_no_loss_of_the_zygote_and_its_cgroup_goes_later(lane: Lane) -> None:
    jail = lane.take()
    leaf = jail._leaf
    assert leaf is not None
    load(jail, "import os\nkept = bytearray(500 << 20)\nos.write(1, b'big')\nwhile True: pass")
    assert readable(jail.stdout, 20)
    ending = jail.finish(0)
    assert ending.signal is None  # the kernel is still giving back its memory
    assert ending.killed
    assert not ending.zygote_lost
    for _ in range(100):
        lane.take().finish()  # whoever makes a leaf removes those that are left
        if not any(folder.exists() for folder, _ in leaf._folders):
            break
    assert not any(folder.exists() for folder, _ in leaf._folders)


def test_kill_and_finish_may_be_called_again(lane: Lane) -> None:
    jail = lane.take()
    jail.kill()
    jail.kill()
    first = jail.finish()
    assert first == jail.finish()
    assert first.signal == signal.SIGKILL
    assert first.killed
    jail.kill()


def test_a_jail_killed_from_outside_is_not_blamed_on_memory_or_cpu(lane: Lane) -> None:
    jail = lane.take()
    os.kill(jail.pid, signal.SIGKILL)
    assert readable(jail.pidfd, 10)
    ending = jail.finish()
    assert (ending.signal, ending.killed, ending.out_of_memory, ending.out_of_cpu) == (
        signal.SIGKILL,
        False,
        False,
        False,
    )


def test_closing_the_result_pipe_leaves_the_jail_to_its_end(lane: Lane) -> None:
    ran = run(lane, "import os\nos.close(4)")
    assert ran.answer is None
    assert not ran.ending.zygote_lost


def test_what_is_printed_before_a_crash_arrives(lane: Lane) -> None:
    ran = run(
        lane,
        "import sys, os\nprint('one')\nprint('two', file=sys.stderr)\nos.kill(1, 9)\nimport ctypes\nctypes.string_at(0)",
    )
    assert (ran.out, ran.err) == ("one\n", "two\n")


def test_cpu_seconds_are_counted_while_it_runs_and_at_the_end(lane: Lane) -> None:
    jail = lane.take()
    load(jail, "import time\nwhile time.process_time() < 0.3: pass\nprint('done')")
    collected = collect(jail)
    assert collected.lines == ["done"]
    assert jail.cpu_seconds() >= 0.3


def test_a_pidfd_tells_its_process() -> None:
    fd = os.pidfd_open(os.getpid())
    try:
        assert pid_of(fd) == os.getpid()
    finally:
        os.close(fd)
