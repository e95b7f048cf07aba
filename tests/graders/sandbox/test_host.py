"""Starting, asking for jails, and every way in which a process may go missing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.sandbox import Isolation, Lane, Sandbox, SandboxFault
from graders.sandbox.jail import readable
from tests.graders.sandbox.snippets import collect, load, run


@pytest.fixture
def own() -> Iterator[Sandbox]:
    """A sandbox that a test may break."""
    with Sandbox.start(Isolation.FULL) as started:
        started.wait_ready()
        yield started


def children() -> set[int]:
    """Processes below this one, at any depth."""
    found: set[int] = set()
    todo = [os.getpid()]
    while todo:
        pid = todo.pop()
        try:
            tasks = os.listdir(f"/proc/{pid}/task")
            below = {
                int(word) for task in tasks for word in Path(f"/proc/{pid}/task/{task}/children").read_text().split()
            }
        except OSError:
            continue
        todo += below - found
        found |= below
    return found


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_full_names_every_part_and_none_is_missing(sandbox: Sandbox) -> None:
    state = sandbox.wait_ready()
    assert state.level is Isolation.FULL
    assert {part.name for part in state.parts} == {"cgroup", "landlock", "user_namespaces", "seccomp"}
    assert all(part.ok for part in state.parts)


def test_importing_the_sandbox_loads_no_torch() -> None:
    code = "import sys, graders.sandbox, graders.sandbox.probe; sys.exit('torch' in sys.modules or 'pyseccomp' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0


def test_a_jail_is_made_when_none_was_asked_for(lane: Lane) -> None:
    assert run(lane, "print('hello')").lines == ["hello"]


def test_jails_asked_for_in_advance_are_used_in_order(lane: Lane) -> None:
    lane.request(3)
    jails = [lane.take() for _ in range(3)]
    assert [jail.number for jail in jails] == sorted(jail.number for jail in jails)
    assert len({jail.pid for jail in jails}) == 3
    for jail in jails:
        jail.finish()


def test_a_jail_that_died_in_the_pool_is_replaced(lane: Lane, sandbox: Sandbox) -> None:
    lane.request(2)
    first = lane.take()
    first.finish()
    (waiting,) = lane._asked.values()
    while waiting.pidfd < 0:
        assert readable(lane._sock.fileno(), 10)
        lane._receive()
    os.kill(waiting.pid, signal.SIGKILL)
    assert readable(waiting.pidfd, 10)
    assert run(lane, "print('another')").lines == ["another"]


def test_two_jails_at_a_time_do_not_see_one_another(lane: Lane) -> None:
    lane.request(2)
    writer, reader = lane.take(), lane.take()
    load(writer, "open('/tmp/note', 'w').write('x')\nimport os\nprint(os.listdir('/tmp'), os.listdir('/dev/shm'))")
    load(reader, "import os\nprint(os.listdir('/tmp'), os.listdir('/dev/shm'))")
    assert collect(writer).lines == ["['note'] []"]
    assert collect(reader).lines == ["[] []"]


def test_two_lanes_work_side_by_side(sandbox: Sandbox) -> None:
    lanes = [sandbox.lane(), sandbox.lane()]
    jails = [lane.take() for lane in lanes]
    for number, jail in enumerate(jails):
        load(jail, f"print({number})")
    assert [collect(jail).out for jail in jails] == ["0\n", "1\n"]
    for lane in lanes:
        lane.close()


def test_a_lane_works_in_a_forked_process(own: Sandbox) -> None:
    lane = own.lane()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = 0 if run(lane, "print('forked')").lines == ["forked"] else 2
            lane.close()
            own.close()  # must not end what is the parent's
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert own.alive()
    assert run(own.lane(), "print('still')").lines == ["still"]


def test_a_lane_that_closes_takes_its_jails_along(sandbox: Sandbox) -> None:
    lane = sandbox.lane()
    lane.request(2)
    jail = lane.take()
    fd = os.dup(jail.pidfd)
    lane.close()
    assert readable(fd, 10)
    os.close(fd)
    lane.close()


@pytest.mark.parametrize("who", ["zygote", "launcher"])
def test_a_lost_zygote_is_our_fault_and_the_sandbox_can_be_started_again(own: Sandbox, who: str) -> None:
    lane = own.lane()
    jail = lane.take()
    os.kill(own.processes()[who], signal.SIGKILL)
    assert readable(jail.pidfd, 10)  # the jails go with it
    ending = jail.finish()
    assert ending.zygote_lost
    assert ending.exit_code is None
    with pytest.raises(SandboxFault) as caught:
        lane.take()
    assert caught.value.part == "zygote"
    assert caught.value.cure
    own.close()
    assert not own.alive()
    with Sandbox.start(own.isolation, limits=own.limits) as again:
        assert run(again.lane(), "print('again')").lines == ["again"]


def test_a_stopped_zygote_ends_in_a_fault_at_the_deadline(own: Sandbox) -> None:
    lane = own.lane()
    jail = lane.take()
    os.kill(own.processes()["zygote"], signal.SIGSTOP)
    with pytest.raises(SandboxFault, match="within"):
        lane.take(timeout=0.3)
    assert jail.finish(timeout=0.3).zygote_lost


def test_killing_the_zygote_while_it_starts_is_a_fault_and_no_hang() -> None:
    with Sandbox.start(Isolation.FULL) as starting:
        while "zygote" not in starting.processes():
            assert starting.alive()
        os.kill(starting.processes()["zygote"], signal.SIGKILL)
        with pytest.raises(SandboxFault):
            starting.wait_ready(timeout=20)


def test_after_closing_no_process_cgroup_or_descriptor_is_left() -> None:
    with Sandbox.start(Isolation.FULL) as warmed:  # what Python itself opens once is open now
        run(warmed.lane(), "pass")
    before = children(), descriptors()
    with Sandbox.start(Isolation.FULL) as started:
        lane = started.lane()
        lane.request(3)
        run(lane, "print('x')")
        taken = lane.take()
        assert children() - before[0]
        assert started._group is not None
        mine = list(started._group.folders)
        assert all(folder.is_dir() for folder in mine)
        assert taken.pid in started.jail_pids()
    assert (children() - before[0], descriptors()) == (set(), before[1])
    assert not any(folder.exists() for folder in mine)


def test_a_host_that_is_killed_takes_everything_along() -> None:
    code = """
import sys
from graders.sandbox import Sandbox
sandbox = Sandbox.start()
lane = sandbox.lane()
jail = lane.take()
print(*sandbox.processes().values(), jail.pid, flush=True)
sys.stdin.read()
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, env=environment, text=True) as host:
        assert host.stdout is not None
        pids = [int(word) for word in host.stdout.readline().split()]
        assert len(pids) == 3
        watched = [os.pidfd_open(pid) for pid in pids]
        host.kill()
        for fd in watched:
            assert readable(fd, 20)
            os.close(fd)


def test_closing_while_it_starts_leaves_nothing() -> None:
    before = children()
    Sandbox.start(Isolation.FULL).close()
    assert children() - before == set()


def test_none_runs_without_any_lock_but_says_so() -> None:
    with Sandbox.start(Isolation.NONE) as open_one:
        state = open_one.wait_ready()
        assert state.level is Isolation.NONE
        assert run(open_one.lane(), "import os\nprint(os.path.exists('/etc/passwd'))").lines == ["True"]


def test_what_the_host_holds_cannot_be_found_in_the_memory_of_a_jail() -> None:
    secret = os.urandom(12).hex()
    os.environ["TORCHKATA_TEST_SECRET"] = secret
    try:
        with Sandbox.start(Isolation.FULL) as started:
            known = "PR_SET_DUMPABLE"  # a name that the zygote did load: the search itself works
            for text, found in ((secret, False), (known, True)):
                # Turned around in the source, so that the search does not find itself.
                ran = run(started.lane(), SEARCH.replace("TURNED", repr(text[::-1].encode())))
                assert (int(ran.out) > 0) is found, ran
    finally:
        del os.environ["TORCHKATA_TEST_SECRET"]


SEARCH = """
import ctypes, gc
libc = ctypes.CDLL(None)
libc.sbrk.restype = ctypes.c_void_p
turned, page, found = TURNED, 4096, 0
gc.unfreeze()  # the zygote set its objects aside
def mapped(address):
    return libc.mincore(ctypes.c_void_p(address), ctypes.c_size_t(page), ctypes.create_string_buffer(1)) == 0
arenas = {id(one) >> 20 << 20 for one in gc.get_objects()}
pages = {arena + offset for arena in arenas for offset in range(0, 1 << 20, page)}
end = (libc.sbrk(0) - 1) // page * page
while mapped(end):
    pages.add(end)
    end -= page
for address in pages:
    if mapped(address):
        found += turned in ctypes.string_at(address, page)[::-1]
print(found)
"""


def test_a_sandbox_may_be_used_from_another_thread_than_the_one_that_started_it(own: Sandbox) -> None:
    seen: list[list[str]] = []
    thread = threading.Thread(target=lambda: seen.append(run(own.lane(), "print('thread')").lines))
    thread.start()
    thread.join()
    assert seen == [["thread"]]


def test_a_collapsed_heap_makes_the_same_jails() -> None:
    with Sandbox.start(Isolation.FULL, collapse=True) as collapsed:
        ran = run(collapsed.lane(), "import torch\nprint(torch.nn.Linear(4, 4)(torch.ones(2, 4)).shape)")
        assert ran.lines == ["torch.Size([2, 4])"]
