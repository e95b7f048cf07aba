"""Talking with a process that may say anything: real pipes, real processes, and every way in which they end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from graders import wire
from graders.dialogue import CHUNK, SLOTS, Capture, Dialogue, Ended
from graders.sandbox import Ending, SandboxFault
from graders.verdict import Status

ROOT = Path(__file__).parents[2]
LONG = 60.0  # seconds no test waits for
HEAD = "import os, signal, sys\nfrom graders import wire\njob, result = map(int, sys.argv[1:])\n"
FRAME = "wire.pack(wire.DONE, {'case': 0}, [b'abc'])"


class PipeJail:
    """What a dialogue needs of a jail, over a plain process that is locked in nowhere."""

    def __init__(self, code: str, out_of_memory: bool = False, zygote_lost: bool = False) -> None:
        job, self.job = os.pipe()
        self.result, result = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-S", "-c", HEAD + code, str(job), str(result)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(job, result),
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT)},
        )
        os.close(job)
        os.close(result)
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.stdout, self.stderr = self.process.stdout.fileno(), self.process.stderr.fileno()
        self.pidfd = os.pidfd_open(self.process.pid)
        self.ending: Ending | None = None
        self._special = out_of_memory, zygote_lost
        for fd in (self.job, self.result, self.stdout, self.stderr):
            os.set_blocking(fd, False)

    def kill(self) -> None:
        """Ends the process, if it has not ended."""
        self.process.kill()

    def check_memory(self) -> bool:
        """Nothing is watched here."""
        return False

    def finish(self, timeout: float = 5) -> Ending:
        """Kills, reaps and closes; idempotent."""
        if self.ending is None:
            self.kill()
            code = self.process.wait()
            out_of_memory, zygote_lost = self._special
            self.ending = Ending(
                exit_code=code if code >= 0 else None,
                signal=-code if code < 0 else None,
                out_of_memory=out_of_memory,
                zygote_lost=zygote_lost,
                peak_memory=None,
            )
            for stream in (self.process.stdout, self.process.stderr):
                assert stream is not None
                stream.close()
            for fd in (self.job, self.result, self.pidfd):
                os.close(fd)
        return self.ending


Start = Callable[..., Dialogue]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a process that runs `code` and gives the dialogue with it; all are ended after the test."""
    jails = []

    def begin(
        code: str, *, keep: int = 1 << 16, kill: int = 8 << 20, payload: int = 1 << 20, **special: bool
    ) -> Dialogue:
        jail = PipeJail(code, **special)
        jails.append(jail)
        return Dialogue(jail, Capture(keep, kill), payload)

    yield begin
    for jail in jails:
        jail.finish()


def soon() -> float:
    return time.monotonic() + LONG


def ended(dialogue: Dialogue, deadline: float | None = None) -> Ended:
    with pytest.raises(Ended) as caught:
        dialogue.receive(soon() if deadline is None else deadline)
    assert caught.value.text.en
    assert caught.value.text.zh
    return caught.value


# -- frames ----------------------------------------------------------------------------------------------------------


def test_frames_go_down_and_come_up(start: Start) -> None:
    dialogue = start(
        "for _ in range(2):\n"
        "    frame = wire.read_frame(job)\n"
        "    wire.write_all(result, wire.pack(wire.DONE, frame.header, [bytes(frame.payload)[::-1]]))\n"
    )
    with dialogue:
        dialogue.send(wire.pack(wire.CASE, {"case": 1}, [b"abc"]))
        dialogue.send(wire.pack(wire.CASE, {"case": 2}))
        first, second = dialogue.receive(soon()), dialogue.receive(soon())
    assert (first.kind, first.header, bytes(first.payload)) == (wire.DONE, {"case": 1}, b"cba")
    assert second.header == {"case": 2}


def test_leaving_a_dialogue_ends_the_jail(start: Start) -> None:
    with start("signal.pause()") as dialogue:
        pass
    assert dialogue.jail.finish().signal == signal.SIGKILL


def test_frames_larger_than_any_pipe_pass_both_ways_at_once(start: Start) -> None:
    with start(
        "while True:\n"
        "    frame = wire.read_frame(job)\n"
        "    wire.write_all(result, wire.pack(wire.DONE, {}, [frame.payload]))\n",
        payload=4 << 20,
    ) as dialogue:
        data = bytes(range(256)) * (3 << 12)  # 3 MiB
        for _ in range(3):
            dialogue.send(wire.pack(wire.CASE, {}, [data]))
        assert all(bytes(dialogue.receive(soon()).payload) == data for _ in range(3))


def test_bytes_that_arrive_in_pieces_become_a_frame(start: Start) -> None:
    code = f"for byte in {FRAME}:\n    os.write(result, bytes([byte]))\nsignal.pause()"
    assert bytes(start(code).receive(soon()).payload) == b"abc"


def test_a_frame_written_just_before_the_end_still_counts(start: Start) -> None:
    dialogue = start(f"os.write(result, {FRAME} * 3)\nos._exit(0)")
    assert [dialogue.receive(soon()).header for _ in range(3)] == [{"case": 0}] * 3
    assert ended(dialogue).status is Status.CRASHED


# -- endings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("os._exit(3)", "left with exit code 3"),
        ("sys.exit(0)", "left with exit code 0"),
        (f"os.write(result, {FRAME}[:-1])\nos._exit(0)", "left with exit code 0"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "ended by SIGSEGV"),
        ("os.kill(os.getpid(), signal.SIGTERM)", "ended by SIGTERM"),
        ("os.kill(os.getpid(), 40)", "ended by 40"),
        ("os.close(result)\nsignal.pause()", "closed the descriptor"),
        ("os.close(result)\nos.close(1)\nos.close(2)\nos.close(job)\nsignal.pause()", "closed the descriptor"),
        ("os.write(result, b'PK' * 40)\nsignal.pause()", "broke the protocol (no frame starts here)"),
        (f"os.write(result, {FRAME} + b'and more than a frame')\nsignal.pause()", ""),
        ("os.write(result, wire.HEAD.pack(b'TKW1', 23, b'\\0\\0\\0', 2, 1 << 28) + b'{}')\nsignal.pause()", "over the limit"),
        ("os.write(result, wire.HEAD.pack(b'TKW1', 23, b'\\0\\0\\0', 1 << 31, 0))\nsignal.pause()", "claims"),
    ],
    ids=["exit 3", "exit 0", "half a frame", "SIGSEGV", "SIGTERM", "real-time signal", "result closed", "all closed",
         "no frame", "frame and rubbish", "giant payload", "giant header"],
)  # fmt: skip
def test_a_process_that_ends_or_talks_nonsense_has_crashed(start: Start, code: str, what: str) -> None:
    dialogue = start(code)
    if not what:  # the whole frame before the rubbish is still one
        assert dialogue.receive(soon()).header == {"case": 0}
        what = "broke the protocol"
    error = ended(dialogue)
    assert error.status is Status.CRASHED
    assert what in error.text.en
    assert not dialogue.jail.finish().zygote_lost


def test_a_deadline_ends_a_silent_process(start: Start) -> None:
    dialogue = start("while True: pass")
    error = ended(dialogue, time.monotonic() + 0.25)
    assert error.status is Status.TIMEOUT
    assert re.search(r"after 0\.\d+ s$", error.text.en)
    assert re.search(r"0\.\d+ 秒", error.text.zh)
    assert dialogue.jail.finish().signal == signal.SIGKILL


def test_a_deadline_ends_a_process_that_sends_half_a_frame(start: Start) -> None:
    dialogue = start(f"os.write(result, {FRAME}[:-1])\nprint('here', flush=True)\nsignal.pause()")
    while not dialogue.capture.total:
        dialogue.pump(LONG)
    assert ended(dialogue, time.monotonic()).status is Status.TIMEOUT


def test_a_frame_that_is_there_is_given_after_the_deadline_too(start: Start) -> None:
    dialogue = start(f"os.write(result, {FRAME} * 2)\nsignal.pause()")
    dialogue.receive(soon())
    assert dialogue.receive(time.monotonic() - 1).header == {"case": 0}


def test_memory_is_told_from_other_kills(start: Start) -> None:
    assert ended(start("os.kill(os.getpid(), 9)", out_of_memory=True)).status is Status.MEMORY


@pytest.mark.parametrize(
    ("special", "part"), [({}, "killed from outside"), ({"zygote_lost": True}, "process that makes jails ended")]
)
def test_what_nobody_in_the_jail_did_is_our_own_fault(start: Start, special: dict[str, bool], part: str) -> None:
    with pytest.raises(SandboxFault, match=part):
        start("os.kill(os.getpid(), 9)", **special).receive(soon())


def test_sending_to_a_process_that_is_gone_is_no_error(start: Start) -> None:
    dialogue = start(
        "os.close(job)\nprint('closed', flush=True)\nwire.write_all(result, " + FRAME + ")\nsignal.pause()"
    )
    while not dialogue.capture.total:
        dialogue.pump(LONG)
    for _ in range(3):
        dialogue.send(wire.pack(wire.CASE, {}, [b"x" * 100_000]))
    assert dialogue.receive(soon()).header == {"case": 0}


def test_a_jail_that_reads_nothing_does_not_block_the_grader(start: Start) -> None:
    dialogue = start(f"os.write(result, {FRAME})\nsignal.pause()")
    dialogue.send(wire.pack(wire.CASE, {}, [b"x" * (4 << 20)]))
    assert dialogue.receive(soon()).header == {"case": 0}
    assert ended(dialogue, time.monotonic()).status is Status.TIMEOUT


# -- what it prints --------------------------------------------------------------------------------------------------


def test_what_is_printed_is_kept_beside_the_frames(start: Start) -> None:
    code = "print('out', flush=True)\nprint('err\\x1b[31m', file=sys.stderr)\n"
    code += f"os.write(result, {FRAME})\nsignal.pause()"
    with start(code) as dialogue:
        dialogue.receive(soon())
        dialogue.settle_output()
    output = dialogue.capture.output()
    assert (output.stdout, output.stderr, output.truncated) == ("out\n", "err\x1b[31m\n", False)


def test_what_was_printed_before_an_exit_is_kept(start: Start) -> None:
    dialogue = start("os.write(1, b'last words \\xff')\nos._exit(1)")
    ended(dialogue)
    assert dialogue.capture.output().stdout == "last words \N{REPLACEMENT CHARACTER}"


def test_a_flood_of_output_does_not_block_and_is_cut(start: Start) -> None:
    code = f"os.set_blocking(1, True)\nfor _ in range(64): os.write(1, b'a' * 65536)\nos.write(result, {FRAME})\nsignal.pause()"
    dialogue = start(code, keep=1000)
    assert dialogue.receive(soon()).header == {"case": 0}
    dialogue.settle_output()
    output = dialogue.capture.output()
    assert output.stdout == "a" * 1000
    assert output.truncated
    assert dialogue.capture.total == 64 * 65536


@pytest.mark.parametrize("stream", [1, 2])
def test_an_endless_flood_ends_at_the_limit(start: Start, stream: int) -> None:
    dialogue = start(f"while True: os.write({stream}, b'a' * 65536)", kill=1 << 20)
    error = ended(dialogue)
    assert error.status is Status.OUTPUT_LIMIT
    assert "1 MiB" in error.text.en
    assert dialogue.capture.total <= (1 << 20) + 4 * (1 << 18)
    assert dialogue.jail.finish().signal == signal.SIGKILL


def test_what_is_printed_faster_than_it_is_read_is_not_read_for_ever(start: Start) -> None:
    dialogue = start("signal.pause()", kill=1 << 60)
    with open("/dev/zero", "rb") as endless:
        os.dup2(endless.fileno(), dialogue.jail.stdout)
    dialogue.settle_output()
    assert dialogue.capture.total == SLOTS * CHUNK


def test_closed_streams_are_no_end(start: Start) -> None:
    dialogue = start(f"os.close(1)\nos.close(2)\nos.write(result, {FRAME})\nsignal.pause()")
    assert dialogue.receive(soon()).header == {"case": 0}
    assert ended(dialogue, time.monotonic()).status is Status.TIMEOUT


def test_a_capture_counts_what_it_does_not_keep() -> None:
    capture = Capture(keep=4, kill=100)
    for part in (b"ab", b"cde", b"f"):
        capture.add("stdout", part)
    capture.add("stderr", b"1234")
    assert (capture.output().stdout, capture.output().stderr) == ("abcd", "1234")
    assert (capture.total, capture.truncated) == (10, True)
