"""A zygote that answers nonsense, or nothing: a real process in its place, a fault in bounded time, and another zygote."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from graders.sandbox import Isolation, Limits, Sandbox, SandboxFault, root
from graders.selfcheck import reference_code
from graders.verdict import Verdict
from katas.bank import Bank
from tests.graders.sandbox.snippets import run

TRUE = root.layout
SERVE = "    zygote.serve()\n"
READY = 'zygote.first.send({"ready": True, "capability": capability, "collapsed": collapsed})'
HEAR = """
    import array, time
    channels = []

    def say(data, *fds):
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        channels[-1].sendmsg([data], rights)

    for what in WHATS:
        zygote.poll.poll()
        words, (theirs,) = messages.receive(zygote.first.sock)
        channels.append(socket.socket(fileno=theirs))
        channels[-1].setblocking(True)
        while (asked := messages.receive(channels[-1])) is None:
            time.sleep(0.01)
        job, result, out, err, *groups = asked[1]
        try:
            exec(what)
        except OSError:
            pass
    time.sleep(60)
"""
# After the first fork request; `result` is the pipe that a jail would answer on.
INSTEAD = {
    "no JSON": "say(b'hello')",
    "half a message": """say(b'{"forked": 1')""",
    "no object": "say(b'[1, 2]')",
    "nested without end": "say(b'[' * 4000)",
    "longer than any message": """say(b'{"forked": 1, "x": "' + b'x' * 100000 + b'"}')""",
    "bytes that are no text": "say(bytes(range(128, 256)))",
    "an empty object": "say(b'{}')\nsay(b'{}')\nsay(b'{}')",
    "no descriptor": """say(b'{"forked": 1}')""",
    "a pipe for a process": """say(b'{"forked": 1}', result)""",
    "itself for a process": """say(b'{"forked": 1}', os.pidfd_open(os.getpid()))""",
    "too many descriptors": """say(b'{"forked": 1}', *[os.dup(1) for _ in range(60)])""",
    "an ending before the beginning": """say(b'{"exited": 1, "status": 9, "cpu": 0}')""",
    "a failure without words": """say(b'{"failed": 1}')""",
    "words of other types": """say(b'{"failed": 1, "part": [1], "message": {}}')""",
    "the wrong number": """say(b'{"failed": 99999999999999999999999, "part": "x", "message": "x"}')"""
    + "\nchannels[-1].close()",
    "a flood": "while True: say(b'{\"forked\": 77}')",
    "a flood of descriptors": "while True: say(b'{\"forked\": 77}', *[out] * 8)",
    "a jail that begins with noise": """
pid = os.fork()
if pid == 0:
    os.write(result, b'noise' * 100)
    time.sleep(60)
say(b'{"forked": 1}', os.pidfd_open(pid))
""",
    "a jail that claims a quarter of a gigabyte": """
pid = os.fork()
if pid == 0:
    os.write(result, b'TKW1' + bytes([1, 0, 0, 0]) + (1 << 20).to_bytes(4, 'little') + (1 << 28).to_bytes(4, 'little'))
    time.sleep(60)
say(b'{"forked": 1}', os.pidfd_open(pid))
""",
    "a jail without parts": """
pid = os.fork()
if pid == 0:
    os.write(result, wire.pack(wire.READY, {}))
    time.sleep(60)
say(b'{"forked": 1}', os.pidfd_open(pid))
""",
}


def replaced(change: str, by: str) -> root.Layout:
    """The zygote's root with one place of the zygote's program replaced."""
    layout = TRUE()
    name = f"{root.OURS}/zygote.py"
    assert layout.staged[name].count(change) == 1
    layout.staged[name] = layout.staged[name].replace(change, by)
    return layout


def instead(*whats: str) -> str:
    return HEAR.replace("WHATS", repr(whats))


def test_nonsense_is_our_fault_in_bounded_time_and_the_next_zygote_is_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(root, "layout", lambda: replaced(SERVE, instead(*INSTEAD.values())))
        odd = Sandbox.start(Isolation.FULL, limits=Limits(memory=256 << 20))
    with odd:
        odd.wait_ready()
        for what in INSTEAD:
            before = len(os.listdir("/proc/self/fd"))
            assert odd.alive(), (what, odd._started and odd._started.log())
            lane = odd.lane()
            clock = time.monotonic()
            with pytest.raises(SandboxFault) as caught:
                lane.take(timeout=10)
            assert time.monotonic() - clock < 30, what  # a bound on hanging, not a measurement
            assert lane.lost or "first frame" in str(caught.value), what
            lane.close()
            assert len(os.listdir("/proc/self/fd")) == before, what
        assert odd.suspicion
        with odd.renew() as renewed:
            assert renewed is not odd
            assert run(renewed.lane(), "print('sound')").lines == ["sound"]


@pytest.mark.parametrize("first", ["b'hello'", 'b\'{"ready": true, "capability": [1]}\'', "b'x' * 50000"])
def test_a_zygote_whose_first_words_make_no_sense_is_a_fault(monkeypatch: pytest.MonkeyPatch, first: str) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(root, "layout", lambda: replaced(READY, f"zygote.first.sock.send({first})"))
        sandbox = Sandbox.start(Isolation.FULL)
    with sandbox:
        with pytest.raises(SandboxFault):
            sandbox.wait_ready(timeout=30)
        assert not sandbox.alive()


def test_a_grade_on_a_zygote_that_answers_nonsense_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from graders.grade import Grader

    kata = Bank.open().kata("masked_softmax")
    with monkeypatch.context() as patch:
        patch.setattr(root, "layout", lambda: replaced(SERVE, instead(INSTEAD["no JSON"])))
        odd = Sandbox.start(Isolation.FULL)
        with odd:
            odd.wait_ready()
            patch.undo()
            with Grader(odd) as grader:
                assert grader.grade(kata, reference_code(kata)).verdict is Verdict.PASSED


def test_several_threads_may_wait_for_the_same_sandbox() -> None:
    levels: list[object] = []
    with Sandbox.start(Isolation.FULL) as sandbox:
        threads = [
            threading.Thread(target=lambda: levels.append(sandbox.wait_ready(timeout=60).level)) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert levels == [Isolation.FULL] * 4
        assert len(sandbox.state.parts) == 4


def test_a_fault_at_the_start_reaches_every_thread_that_waits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(root, "base_python", lambda: str(tmp_path / "python"))
    faults: list[SandboxFault] = []

    def wait(sandbox: Sandbox) -> None:
        try:
            sandbox.wait_ready(timeout=60)
        except SandboxFault as fault:
            faults.append(fault)

    with Sandbox.start(Isolation.FULL) as sandbox:
        threads = [threading.Thread(target=wait, args=[sandbox]) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(faults) == 3
