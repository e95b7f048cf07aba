"""The story of a grade, top to bottom: inspect the source, load it in a jail, bind its weights, judge case by case, say why.

Start the sandbox before importing this module: it imports torch, and the zygote imports torch at the same time.

    sandbox = Sandbox.start(Isolation.FULL)
    from graders.grade import Grader
    with Grader(sandbox) as grader:
        report = grader.grade(kata, code)
"""

from __future__ import annotations

import hashlib
import platform
import secrets
import time
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch

from graders import operators, wire
from graders.admission import Rejected, forbids, inspect_source, read_source
from graders.attempt import Fields, inspect_snippet, run_snippet
from graders.diagnose import Mistakes, diagnose
from graders.dialogue import Capture, Dialogue
from graders.inspection import inspect_in_jail
from graders.picture import with_pictures
from graders.policy import is_light
from graders.program import Reference, Sheet
from graders.sandbox import IsolationRefused, Lane, Sandbox, SandboxFault, Seat, SteadyLane
from graders.score import score_of, verdict_of
from graders.sitting import OnBegin, OnProgress, Sitting, frame_file
from graders.verdict import (
    CaseResult,
    Diagnosis,
    Environment,
    Isolation,
    PolicyFinding,
    Report,
    Status,
    Text,
    Trial,
    TrialStatus,
    Verdict,
)
from katas.bank import Kata

torch.set_num_threads(1)  # before any operator: a lane forked after a multi-threaded one hangs

ATTEMPTS = 2  # grades tried before our own fault is reported
READY_JAILS = 2  # kept waiting by a lane that grades again and again


class Grader:
    """Grades submissions one at a time over one lane of a sandbox; remembers references between grades."""

    def __init__(
        self,
        sandbox: Sandbox | Seat,
        *,
        device: str = "cpu",
        timeout: float | None = None,
        ready: int = 0,
        references: dict[str, tuple[str, Reference, Mistakes]] | None = None,
    ) -> None:
        self.device = device
        self.timeout = timeout  # seconds a grade, in place of the kata's own limit
        self._sandbox = sandbox
        self._ready = ready
        self._own_sandbox = False
        self._lane: Lane | SteadyLane | None = None
        self._owed = 0  # jails taken out of the pool since it was filled
        self._references = dict(references or {})
        self._prepared: dict[str, tuple[int, Sheet]] = {}

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the lane; the sandbox belongs to whoever started it, unless it had to be started again here."""
        if self._lane is not None:
            self._lane.close()
            self._lane = None
        if self._own_sandbox:
            self._sandbox.close()

    def share_references(self) -> dict[str, tuple[str, Reference, Mistakes]]:
        """What was loaded so far: a lane forked from a warmed parent begins with it."""
        return dict(self._references)

    def prepare(self, kata: Kata) -> None:
        """Draws the next grade's inputs and computes its references while there is nothing else to do."""
        seed = new_seed()
        reference, _ = self._reference(kata)
        programs = reference.sheet(seed)
        for program in programs:
            reference.outcome(program, torch.float64)
        self._prepared[kata.id] = (seed, programs)

    def grade(
        self,
        kata: Kata,
        code: bytes,
        *,
        seed: int | None = None,
        visible_only: bool = False,
        file: str = "-",
        on_begin: OnBegin | None = None,
        on_progress: OnProgress | None = None,
    ) -> Report:
        """Judges `code` on every case (or the visible ones: a run, without score).

        `on_begin` is told how many cases there are, before the first one; `on_progress` gets each result as it is made. Where
        a fault of ours makes a second attempt necessary, the cases begin again, and so do both callbacks.
        Raises KataError where the kata is broken and IsolationRefused below the asked level; a fault of ours that comes back
        after a fresh start is a report with the verdict `fault`.
        """
        started = datetime.now(UTC)
        clock = time.monotonic()
        prepared = self._prepared.pop(kata.id, None) if seed is None else None
        chosen, programs = prepared if prepared else (new_seed() if seed is None else seed, None)
        report: dict[str, Any] = {
            "file": file,
            "submission_digest": hashlib.sha256(code).hexdigest(),
            "kata": kata.id,
            "kata_digest": kata.digest,
            "seed": str(chosen),
            "started": _stamp(started),
        }
        capture = _capture(kata)
        early = self._begin_early(kata, code, file, capture)
        try:
            if policy := self._inspect(kata, code, file):
                raise forbids(policy)
            if kata.id not in self._references and programs is None:
                self._lane_open()  # jails are made while the reference is loaded
            reference, mistakes = self._reference(kata)
            if programs is None:
                programs = reference.sheet(chosen)
            if visible_only:
                programs = programs.visible()
            seconds = self.timeout if self.timeout is not None else kata.limits["grade_seconds"]
            sitting = Sitting(
                kata,
                code,
                file,
                reference,
                mistakes,
                programs,
                time.monotonic() + seconds,
                capture,
                on_begin or (lambda _: None),
                on_progress or (lambda _: None),
                min(kata.limits["case_seconds"], seconds),
            )
            report |= self._attempts(sitting, seconds, early)
            cases: list[CaseResult] = report["cases"]
            if any(case.status is Status.CRASHED for case in cases):
                self._sandbox.suspect("a jail crashed or broke the protocol")
            report |= {
                "judged_cases": sum(case.status is not Status.NOT_RUN for case in cases),
                "score": None if visible_only or report["verdict"] is Verdict.FAULT else score_of(cases, kata.score),
            }
        except Rejected as rejected:
            report |= {
                "verdict": rejected.verdict,
                "message": rejected.text,
                "policy": rejected.policy,
                "judged_cases": 0,
                "score": None if visible_only or rejected.verdict is Verdict.FAULT else score_of([], kata.score),
            }
        finally:
            if early is not None:
                early.jail.finish()
            self._refill()
        return Report(**report, environment=self._environment(), seconds=round(time.monotonic() - clock, 4))

    def attempt(self, kata: Kata, code: bytes, snippet: str, *, file: str = "-") -> Trial:
        """Runs the learner's own snippet after his code: nothing is judged, and no reference is at hand.

        Raises IsolationRefused below the asked level; a fault of ours is a trial with the status `fault`.
        """
        started, clock = datetime.now(UTC), time.monotonic()
        capture = _capture(kata)
        try:
            if policy := self._inspect(kata, code, file):
                raise forbids(policy)
            inspect_snippet(kata, snippet)
            fields = self._try(kata, code, snippet, file, capture)
        except Rejected as rejected:
            status = TrialStatus(rejected.verdict.value)
            fields = {"status": status, "message": rejected.text, "policy": rejected.policy}
        finally:
            self._refill()
        return Trial(
            **fields,
            kata=kata.id,
            kata_digest=kata.digest,
            submission_digest=hashlib.sha256(code).hexdigest(),
            output=capture.output(),
            environment=self._environment(),
            started=_stamp(started),
            seconds=round(time.monotonic() - clock, 4),
        )

    def _try(self, kata: Kata, code: bytes, snippet: str, file: str, capture: Capture) -> Fields:
        """Once more with a fresh zygote where ours failed."""
        seconds = kata.limits["case_seconds"]
        if self.timeout is not None:
            seconds = min(seconds, self.timeout)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self._begin(kata, code, file, capture) as dialogue:
                    return run_snippet(kata, dialogue, snippet, frame_file(file), seconds)
            except IsolationRefused:
                raise
            except (SandboxFault, OSError) as fault:
                if attempt == ATTEMPTS or not self._restart():
                    return {"status": TrialStatus.FAULT, "message": _our_fault(fault)}
        raise AssertionError("unreachable")

    # -- attempts ----------------------------------------------------------------------------------------------------

    def _attempts(self, sitting: Sitting, seconds: float, early: Dialogue | None) -> dict[str, Any]:
        """Judges, once more with a fresh zygote where ours failed."""
        for attempt in range(1, ATTEMPTS + 1):
            sitting.on_begin(len(sitting.programs))
            try:
                begin = partial(self._begin, sitting.kata, sitting.code, sitting.file, sitting.capture)
                sitting.judge(begin, early)
            except IsolationRefused:
                raise  # trying again would not raise the level
            except (SandboxFault, OSError) as fault:  # an OSError here is the machine's: no descriptor, no memory
                if attempt == ATTEMPTS or not self._restart():
                    cases = [one.result for one in sitting.tried]
                    return {"verdict": Verdict.FAULT, "message": _our_fault(fault), "cases": cases}
                early = None
                sitting = replace(
                    sitting, deadline=time.monotonic() + seconds, capture=_capture(sitting.kata), binding=None, tried=[]
                )
                continue
            cases = [one.result for one in sitting.tried]
            verdict = verdict_of(cases)
            diagnosis: list[Diagnosis] = []
            if verdict is not Verdict.PASSED:
                diagnosis = diagnose(sitting.mistakes, sitting.tried)
                cases = with_pictures(sitting.mistakes, sitting.binding, sitting.tried, diagnosis)
            return {"verdict": verdict, "cases": cases, "diagnosis": diagnosis, "output": sitting.capture.output()}
        raise AssertionError("unreachable")

    def _inspect(self, kata: Kata, code: bytes, file: str) -> list[PolicyFinding]:
        """Forbidden calls: a light source is read here, a heavy one in a jail of its own."""
        if is_light(code):
            return inspect_source(kata, code, file)
        read_source(kata, code, file)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                jail = self._lane_open().take()
                self._owed += 1
                return inspect_in_jail(kata, code, file, jail, kata.limits["case_seconds"])
            except IsolationRefused:
                raise
            except (SandboxFault, OSError) as fault:
                if attempt == ATTEMPTS or not self._restart():
                    text = _our_fault(fault)
                    raise Rejected(Verdict.FAULT, text.en, text.zh) from fault
        raise AssertionError("unreachable")

    def _restart(self) -> bool:
        """A fresh zygote where the old one is gone; False when that fails too."""
        if self._lane is not None:
            self._lane.close()
            self._lane = None
        try:
            renewed = self._sandbox.renew()
        except (SandboxFault, OSError):
            return False
        self._own_sandbox |= renewed is not self._sandbox
        self._sandbox = renewed
        return True

    def _lane_open(self) -> Lane | SteadyLane:
        if self._lane is None:
            self._lane = self._sandbox.lane()
            self._lane.request(1 + self._ready)
        return self._lane

    def _reference(self, kata: Kata) -> tuple[Reference, Mistakes]:
        digest = kata.digest
        known = self._references.get(kata.id)
        if known is None or known[0] != digest:
            reference = Reference(kata)
            known = (digest, reference, Mistakes(reference))
            self._references[kata.id] = known
        return known[1], known[2]

    def _environment(self) -> Environment:
        state = self._sandbox.wait_ready()
        missing = [part.name for part in state.parts if not part.ok]
        isolation = Isolation(level=str(state.level), missing=missing)
        return Environment(
            torch=str(torch.__version__),
            python=platform.python_version(),
            device=self.device,
            cpu=_cpu_name(),
            isolation=isolation,
        )

    # -- jails -------------------------------------------------------------------------------------------------------

    def _refill(self) -> None:
        """Asks for what the grade took out of the pool: afterwards, when nothing waits for the processor."""
        owed, self._owed = self._owed, 0
        try:
            if self._ready and owed and self._lane is not None:
                self._lane.request(owed)
            self.settle()
        except (SandboxFault, OSError):
            return  # the next grade will meet it, and deal with it

    def settle(self) -> None:
        """Moves to a fresher zygote if there is one; a lane that may be idle for long calls it now and then."""
        if self._lane is not None:
            self._lane.settle()

    def _begin_early(self, kata: Kata, code: bytes, file: str, capture: Capture) -> Dialogue | None:
        """Lets a ready jail load the source while it is inspected here; None before the first grade of a lane."""
        if self._lane is None:
            return None
        try:
            return self._begin(kata, code, file, capture)
        except (SandboxFault, OSError):
            return None  # the judging itself will meet it, and deal with it

    def _begin(self, kata: Kata, code: bytes, file: str, capture: Capture) -> Dialogue:
        """A jail that is loading the source."""
        lane = self._lane_open()
        jail = lane.take()
        self._owed += 1
        dialogue = Dialogue(jail, capture, 2 * (int(kata.limits["tensor_mib"]) << 20) + (1 << 20))
        header = {"entry": kata.entry, "file": frame_file(file), "refuse": operators.plan(kata.forbidden)}
        dialogue.send(wire.pack(wire.LOAD, header, [code]))
        return dialogue


def _our_fault(fault: SandboxFault | OSError) -> Text:
    cause = fault.cause if isinstance(fault, SandboxFault) else str(fault)
    return Text(
        en=f"our own fault, not yours: {cause}. Please grade again.",
        zh="这是评测系统自身的故障，与你的代码无关，请重新评测。",
    )


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _capture(kata: Kata) -> Capture:
    return Capture(int(kata.limits["output_kib"]) << 10, int(kata.limits["output_kill_mib"]) << 20)


def new_seed() -> int:
    """A secret seed: nobody can know a grade's inputs before it."""
    return secrets.randbits(62)


@cache
def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
