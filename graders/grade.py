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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from graders import operators, wire
from graders.admission import (
    Rejected,
    check_signature,
    expect,
    forbids,
    inspect_source,
    read_source,
    why_not_loaded,
)
from graders.attempt import Fields, inspect_snippet, run_snippet
from graders.binding import Binding, candidates
from graders.compare import judge, shapes_of
from graders.diagnose import Mistakes, Tried, diagnose, first_match, yardstick
from graders.dialogue import Capture, Dialogue, Ended
from graders.inspection import inspect_in_jail
from graders.picture import with_pictures
from graders.policy import is_light
from graders.program import Outcome, Program, Reference, Sheet, decode_outcome
from graders.sandbox import IsolationRefused, Lane, Sandbox, SandboxFault, Seat, SteadyLane
from graders.score import score_of, verdict_of
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
from katas.script import Group

torch.set_num_threads(1)  # before any operator: a lane forked after a multi-threaded one hangs

JAILS = 4  # a grade's first jail and three fresh ones
ATTEMPTS = 2  # grades tried before our own fault is reported
READY_JAILS = 2  # kept waiting by a lane that grades again and again

OnBegin = Callable[[int], None]
OnProgress = Callable[[CaseResult], None]


@dataclass
class Sitting:
    """One submission on its way through the grader."""

    kata: Kata
    code: bytes
    file: str
    reference: Reference
    mistakes: Mistakes
    programs: Sheet
    deadline: float  # time.monotonic of the grade's end
    capture: Capture
    on_begin: OnBegin
    on_progress: OnProgress
    case_seconds: float
    binding: Binding | None = None
    tried: list[Tried] = field(default_factory=list)

    @property
    def tensor_limit(self) -> int:
        """Bytes of one output tensor."""
        return int(self.kata.limits["tensor_mib"]) << 20

    def add(self, program: Program, outcome: Outcome | None, result: CaseResult) -> None:
        """Notes a judged case and tells whoever watches."""
        self.tried.append(Tried(program, outcome, result))
        self.on_progress(result)


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
                    return run_snippet(kata, dialogue, snippet, _frame_file(file), seconds)
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
                self._judge(sitting, early)
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

    # -- one sitting -------------------------------------------------------------------------------------------------

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
        header = {"entry": kata.entry, "file": _frame_file(file), "refuse": operators.plan(kata.forbidden)}
        dialogue.send(wire.pack(wire.LOAD, header, [code]))
        return dialogue

    def _judge(self, sitting: Sitting, early: Dialogue | None) -> None:
        """Goes through the cases, in fresh jails where one ends a jail."""
        for number in range(JAILS):
            done = len(sitting.tried)
            if done == len(sitting.programs):
                return
            if number and time.monotonic() >= sitting.deadline:
                break
            first = early if number == 0 else None
            with first or self._begin(sitting.kata, sitting.code, sitting.file, sitting.capture) as dialogue:
                try:
                    self._loaded(sitting, dialogue)
                    self._bind(sitting, dialogue)
                    self._cases(sitting, dialogue)
                    dialogue.settle_output()
                    return
                except Ended as ended:
                    program = sitting.programs[len(sitting.tried)]
                    sitting.add(program, None, _ended_case(program, sitting.kata, ended))
                    if len(sitting.tried) == done + 1 and ended.status is Status.TIMEOUT and sitting.binding is None:
                        break  # it hangs while it is loaded: it would hang again
                    if sitting.capture.total > sitting.capture.kill:
                        break
        for program in sitting.programs[len(sitting.tried) :]:
            sitting.add(program, None, _not_run(program, sitting.kata))

    def _loaded(self, sitting: Sitting, dialogue: Dialogue) -> None:
        answer = _expect(dialogue, sitting, wire.LOADED).header
        if answer.get("ok") is not True:
            raise why_not_loaded(sitting.reference, sitting.file, answer)
        check_signature(sitting.reference, answer)

    def _bind(self, sitting: Sitting, dialogue: Dialogue) -> None:
        """Finds which parameter plays which role, with the first module that the cases construct."""
        if sitting.binding is not None or not sitting.kata.roles:
            return
        for program in _binding_programs(sitting.programs):
            step = min(program.constructs)
            dialogue.send(wire.pack(wire.DESCRIBE, {"step": program.steps[step]}))
            answer = _expect(dialogue, sitting, wire.DESCRIBED).header
            if "error" not in answer:
                break
        else:
            return  # no module can be constructed: every case will say so itself
        found = _parameters(answer)
        shapes = {role: tuple(value.shape) for role, value in program.constructs[step].items()}
        plans = candidates(sitting.kata, shapes, found, program.configs[step])
        if not plans:
            raise _nothing_fits(sitting, shapes, found)
        sitting.binding = plans[0]
        if len(plans) > 1:
            sitting.binding = self._settle(sitting, dialogue, program, plans)
        if sitting.binding.zeroed:
            _leave_out(sitting.programs, sitting.binding.zeroed)

    def _settle(self, sitting: Sitting, dialogue: Dialogue, program: Program, plans: list[Binding]) -> Binding:
        """Tries bindings on one case; the first that gives the reference's values is right for all cases."""
        outcomes: list[Outcome] = []
        reduced = {plan.zeroed: _without(program, plan) for plan in plans}  # the reference is carried out once for each
        for batch in (plans[:1], plans[1:]):
            for plan in batch:
                dialogue.send(_frame(sitting, reduced[plan.zeroed], 0, plan))
            fresh = [self._outcome(sitting, dialogue, program, 0, _expect(dialogue, sitting, wire.DONE)) for _ in batch]
            for plan, outcome in zip(batch, fresh, strict=True):
                measured = yardstick(sitting.reference, reduced[plan.zeroed], plan)
                if judge(measured, outcome).status is Status.PASSED:
                    return plan
            outcomes += fresh
        return plans[first_match(sitting.mistakes, sitting.kata, program, outcomes)]

    def _cases(self, sitting: Sitting, dialogue: Dialogue) -> None:
        """Judges what is left, case by case: the jail works on one while the answer to the one before it is judged."""
        todo = range(len(sitting.tried), len(sitting.programs))
        if not todo:
            return
        dialogue.send(_frame(sitting, sitting.programs[todo[0]], todo[0], sitting.binding))
        for number in todo:
            program = sitting.programs[number]
            yard = yardstick(sitting.reference, program, sitting.binding)  # computed while the jail works
            following = b""
            if number + 1 < len(sitting.programs):
                following = _frame(sitting, sitting.programs[number + 1], number + 1, sitting.binding)
            clock = time.monotonic()
            frame = _expect(dialogue, sitting, wire.DONE)
            if following:
                dialogue.send(following)  # never earlier: tee(2) copies out of a pipe the inputs of cases to come
            outcome = self._outcome(sitting, dialogue, program, number, frame)
            result = judge(yard, outcome, time.monotonic() - clock, _frame_file(sitting.file))
            sitting.add(program, outcome, result)

    def _outcome(
        self, sitting: Sitting, dialogue: Dialogue, program: Program, number: int, frame: wire.Frame
    ) -> Outcome:
        try:
            if frame.header.get("case") != number:
                raise wire.ProtocolFault("answers come out of order")
            return decode_outcome(frame, len(program.steps), sitting.tensor_limit)
        except wire.ProtocolFault as fault:
            dialogue.jail.kill()
            raise Ended(Status.CRASHED, f"its answer broke the protocol ({fault})", "它的应答破坏了通信协议") from None


# -- answers of the jail ---------------------------------------------------------------------------------------------


def _expect(dialogue: Dialogue, sitting: Sitting, kind: int) -> wire.Frame:
    return expect(dialogue, sitting.kata, kind, min(time.monotonic() + sitting.case_seconds, sitting.deadline))


# -- weights ---------------------------------------------------------------------------------------------------------


def _binding_programs(sheet: Sheet) -> Iterator[Program]:
    """Cases on which assignments can be told apart, the best first: plain, of float32, values compared, distinct inputs."""

    def doubts(number: int) -> tuple[bool, bool, bool, int]:
        case = sheet.cases[number]
        gradients = any(step.op == "backward" for step in case.steps)
        inputs = {id(item) for step in case.steps if step.op == "call" for item in step.options["args"]}
        return case.group is not Group.CORRECTNESS, case.degenerate, gradients, -len(inputs)

    fitting = [n for n, case in enumerate(sheet.cases) if case.refusal is None and case.dtype == "float32"]
    for number in sorted(fitting, key=doubts)[:3]:
        if any(sheet[number].constructs.values()):
            yield sheet[number]


def _parameters(answer: dict[str, Any]) -> list[tuple[str, tuple[int, ...]]]:
    rows = answer.get("parameters")
    found = []
    for row in rows[:512] if isinstance(rows, list) else []:
        if not (isinstance(row, list) and len(row) == 3 and isinstance(row[0], str) and isinstance(row[1], list)):
            continue
        if all(type(size) is int and 0 <= size < 1 << 31 for size in row[1]):
            found.append((row[0][:200], tuple(row[1])))
    return found


def _nothing_fits(
    sitting: Sitting, roles: dict[str, tuple[int, ...]], found: Sequence[tuple[str, tuple[int, ...]]]
) -> Rejected:
    wanted = ", ".join(f"{name} {shape}" for name, shape in roles.items())
    there = ", ".join(f"{name} {shape}" for name, shape in found[:24]) or "-"
    return Rejected(
        Verdict.ERROR,
        f"the parameters of `{sitting.kata.entry}` do not fit. Expected: {wanted}. Found: {there}.",
        f"`{sitting.kata.entry}` 的参数对不上。应有：{wanted}。实有：{there}。",
    )


def _leave_out(programs: Sequence[Program], zeroed: frozenset[str]) -> None:
    """Optional roles that the submission leaves out are zero in the reference too."""
    for program in programs:
        for values in program.constructs.values():
            for role in zeroed & values.keys():
                values[role] = torch.zeros_like(values[role])
        program.memo.clear()


def _without(program: Program, plan: Binding) -> Program:
    """The program with the roles that a binding leaves out set to zero."""
    if not plan.zeroed:
        return program
    constructs: dict[int, dict[str, Tensor]] = {
        step: {role: torch.zeros_like(v) if role in plan.zeroed else v for role, v in values.items()}
        for step, values in program.constructs.items()
    }
    return replace(program, constructs=constructs, memo={})


def _frame(sitting: Sitting, program: Program, number: int, binding: Binding | None) -> bytes:
    weights: dict[int, dict[str, Tensor]] = {}
    if binding is not None:
        for step, values in program.constructs.items():
            if values:
                weights[step] = binding.weights(values, program.configs[step])
    return program.frame(number, sitting.tensor_limit, weights)


# -- results without a comparison ------------------------------------------------------------------------------------


def _case_base(program: Program, kata: Kata) -> dict[str, Any]:
    case = program.case
    return {
        "name": case.name,
        "title": Text(en=case.title.en, zh=case.title.zh),
        "group": str(case.group),
        "visible": case.visible,
        "shapes": shapes_of(program, kata),
    }


def _ended_case(program: Program, kata: Kata, ended: Ended) -> CaseResult:
    return CaseResult(**_case_base(program, kata), status=ended.status, check=str(ended.status), message=ended.text)


def _not_run(program: Program, kata: Kata) -> CaseResult:
    text = Text(en="not run: the submission was stopped before", zh="未运行：提交在此之前已被停止")
    return CaseResult(**_case_base(program, kata), status=Status.NOT_RUN, message=text)


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


def _frame_file(file: str) -> str:
    return "solution.py" if file == "-" else Path(file).name


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
