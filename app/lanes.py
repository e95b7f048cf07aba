"""The grader's process: imports torch, starts the sandbox, grades once to be warm, and forks a lane whenever it is asked.

Run by app.crew as `python -P -m app.lanes CONTROL_FD PARENT_PID ISOLATION [BANK]`. Over the control socket come {"op":
"lane", "n"} with the lane's end of a socket, and {"op": "kill", "n"}; back go {"ready"} or {"trouble"}, {"lane"}, {"ended"},
and {"sandbox"} with the reason while no jail can be had. It has one thread, and what it learned while warming is shared with
every lane by copy-on-write. It ends when the worker ends; the lanes end with it, and their jails with them. A zygote that is
worn out, suspected or dead is swapped by the keeper, and the lanes move on between two grades.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.models import Kind
from graders.sandbox import Isolation, IsolationRefused, Keeper, SandboxFault, Seat, messages, syscalls
from katas.answer import answer_source
from katas.bank import Bank, Kata, KataError, UnknownKata

if TYPE_CHECKING:
    from graders.grade import Grader
    from graders.verdict import CaseResult

WARM_KATA = "multi_head_attention"  # goes through most of what a grade can need
TEND_SECONDS = 1.0  # between two looks of the keeper, and of an idle lane at the keeper
IDLE_SECONDS = 0.05  # without a submission before the next one's inputs are drawn

References = dict[str, Any]


def main(arguments: list[str]) -> int:
    """Ends with 3 when the sandbox could not be had."""
    control = socket.socket(fileno=int(arguments[0]))
    follow(int(arguments[1]))
    bank = Bank.open(Path(arguments[3]) if len(arguments) > 3 else None)
    try:
        with Keeper.start(Isolation(arguments[2])) as keeper:
            references = warm_up(keeper, bank)
            state = keeper.wait_ready()
            missing = [part.name for part in state.parts if not part.ok]
            messages.send(control, {"ready": str(state.level), "missing": missing})
            serve(control, keeper, bank, references)
    except SandboxFault as fault:
        kind = "isolation" if isinstance(fault, IsolationRefused) else "sandbox"
        messages.send(control, {"trouble": kind, "why": str(fault)[:2000]})
        return 3
    return 0


def follow(parent: int) -> None:
    """Dies with the parent; ends at once when it is gone already."""
    syscalls.die_with_parent(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def warm_up(keeper: Keeper, bank: Bank) -> References:
    """Grades a right answer, while the zygote comes up; gives every reference that lanes begin with."""
    from graders.grade import Grader  # imports torch, which the zygote is doing at the same time

    with keeper.seat() as seat, Grader(seat) as grader:
        for kata in _warm_katas(bank):
            grader.grade(kata, answer_source(kata).encode())
        references = grader.share_references()
    gc.collect()
    gc.freeze()  # a collection in a lane would write to every page that it shares with its parent
    return references


def _warm_katas(bank: Bank) -> list[Kata]:
    for name in (WARM_KATA, *bank.ids()):
        try:
            kata = bank.kata(name)
            if kata.kind == "code" and answer_source(kata):
                return [kata]
        except (UnknownKata, KataError, OSError, SyntaxError):
            continue  # a broken kata is said when somebody submits to it
    return []


def serve(control: socket.socket, keeper: Keeper, bank: Bank, references: References) -> None:
    """Forks and kills lanes as it is told and tends the keeper, until the worker is gone."""
    lanes: dict[int, int] = {}  # number -> pid
    endings: dict[int, int] = {}  # pidfd -> number
    waiting = select.poll()
    waiting.register(control, select.POLLIN)
    waiting.register(keeper.fileno(), select.POLLIN)
    trouble = ""
    while True:
        events = waiting.poll(TEND_SECONDS * 1000)
        keeper.tend()
        if keeper.swap.trouble != trouble:
            trouble = keeper.swap.trouble
            messages.send(control, {"sandbox": trouble[:2000]})
        for descriptor, _ in events:
            if descriptor == keeper.fileno():
                continue
            if descriptor in endings:
                number = endings.pop(descriptor)
                waiting.unregister(descriptor)
                os.close(descriptor)
                _, status = os.waitpid(lanes.pop(number), 0)
                messages.send(control, {"ended": number, "code": os.waitstatus_to_exitcode(status)})
                continue
            try:
                message = messages.receive(control)
            except EOFError:
                return
            if message is None:
                continue
            words, descriptors = message
            if words["op"] == "lane":
                pid = fork_lane(descriptors[0], control, keeper, bank, references)
                os.close(descriptors[0])
                lanes[words["n"]] = pid
                pidfd = syscalls.pidfd_open(pid)
                endings[pidfd] = words["n"]
                waiting.register(pidfd, select.POLLIN)
                messages.send(control, {"lane": words["n"], "pid": pid})
            elif words["op"] == "kill" and words["n"] in lanes:
                os.kill(lanes[words["n"]], signal.SIGKILL)  # not reaped yet, so that the number is still its own


def fork_lane(channel: int, control: socket.socket, keeper: Keeper, bank: Bank, references: References) -> int:
    """A lane's pid. The lane serves its channel until that is closed."""
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        follow(parent)
        control.close()
        with socket.socket(fileno=channel) as sock, keeper.seat() as seat:
            run_lane(sock, seat, bank, references)
        code = 0
    finally:
        sys.stderr.flush()
        os._exit(code)


def run_lane(sock: socket.socket, seat: Seat, bank: Bank, references: References) -> None:
    """Judges what comes, one at a time."""
    from graders.grade import READY_JAILS, Grader

    def say(**words: Any) -> None:
        try:
            sock.sendall(json.dumps(words, ensure_ascii=False).encode() + b"\n")
        except OSError:
            os._exit(0)  # the worker let go of this lane: nobody wants to hear the rest

    with Grader(seat, ready=READY_JAILS, references=references) as grader, sock.makefile("rb") as lines:
        last: Kata | None = None
        if not _arrived(sock, 0):
            for kata in _warm_katas(bank):
                grader.grade(kata, answer_source(kata).encode())  # its first jails, and its own copies of warm pages
        while True:
            if last is not None and not _arrived(sock, IDLE_SECONDS):
                grader.prepare(last)  # most people submit to the same kata again
                last = None
            while not _arrived(sock, TEND_SECONDS):
                grader.settle()
            line = lines.readline()
            if not line:
                return
            job = json.loads(line)
            say(started=job["id"])
            try:
                kata = bank.kata(job["kata"])
                judge(grader, kata, job, say)
                last = kata if job["kind"] == Kind.GRADE else None
            except (KataError, UnknownKata) as error:
                say(fault=f"kata {job['kata']}: {error}", final=True)
            except (SandboxFault, OSError) as error:
                say(fault=str(error), final=False)


def judge(grader: Grader, kata: Kata, job: dict[str, Any], say: Callable[..., None]) -> None:
    """One submission; `say` gets {total}, {case} and at the end {verdict, score, report} or {fault, final}."""
    code = job["code"].encode()
    if job["kind"] == Kind.TRY:
        trial = grader.attempt(kata, code, job["snippet"])
        if trial.status == "fault":
            say(fault=trial.message.en if trial.message else "the grader failed", final=False)
            return
        say(verdict=str(trial.status), score=None, report=trial.model_dump_json())
        return

    def on_progress(case: CaseResult) -> None:
        say(case={"name": case.name, "title": case.title.model_dump(), "group": case.group, "status": case.status})

    report = grader.grade(
        kata,
        code,
        visible_only=job["kind"] == Kind.RUN,
        file="solution.py",
        on_begin=lambda total: say(total=total),
        on_progress=on_progress,
    )
    if report.verdict == "fault":
        say(fault=report.message.en if report.message else "the grader failed", final=False)
        return
    say(
        verdict=str(report.verdict),
        score=None if report.score is None else report.score.total,
        report=report.model_dump_json(),
    )


def _arrived(sock: socket.socket, seconds: float) -> bool:
    return bool(select.select([sock], [], [], seconds)[0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
