"""One submission on its way through the cases: loaded, given its weights, judged case by case; a fresh jail where one ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from graders import wire
from graders.admission import Rejected, check_signature, expect, why_not_loaded
from graders.binding import Binding, candidates
from graders.compare import judge, shapes_of
from graders.diagnose import Mistakes, Tried, first_match, yardstick
from graders.dialogue import Capture, Dialogue, Ended
from graders.program import Outcome, Program, Reference, Sheet, decode_outcome
from graders.verdict import CaseResult, Status, Text, Verdict
from katas.bank import Kata
from katas.script import Group

JAILS = 4  # a grade's first jail and three fresh ones

OnBegin = Callable[[int], None]
OnProgress = Callable[[CaseResult], None]


def frame_file(file: str) -> str:
    """The name that tracebacks give the submission's file."""
    return "solution.py" if file == "-" else Path(file).name


@dataclass
class Sitting:
    """One submission, the cases before it, and those behind it."""

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

    def judge(self, begin: Callable[[], Dialogue], early: Dialogue | None) -> None:
        """Goes through the cases, in fresh jails where one ends a jail. `begin` gives a jail that is loading the source."""
        for number in range(JAILS):
            done = len(self.tried)
            if done == len(self.programs):
                return
            if number and time.monotonic() >= self.deadline:
                break
            first = early if number == 0 else None
            with first or begin() as dialogue:
                try:
                    self._loaded(dialogue)
                    self._bind(dialogue)
                    self._cases(dialogue)
                    dialogue.settle_output()
                    return
                except Ended as ended:
                    program = self.programs[len(self.tried)]
                    self.add(program, None, _ended_case(program, self.kata, ended))
                    if len(self.tried) == done + 1 and ended.status is Status.TIMEOUT and self.binding is None:
                        break  # it hangs while it is loaded: it would hang again
                    if self.capture.total > self.capture.kill:
                        break
        for program in self.programs[len(self.tried) :]:
            self.add(program, None, _not_run(program, self.kata))

    def _loaded(self, dialogue: Dialogue) -> None:
        answer = self._expect(dialogue, wire.LOADED).header
        if answer.get("ok") is not True:
            raise why_not_loaded(self.reference, self.file, answer)
        check_signature(self.reference, answer)

    def _bind(self, dialogue: Dialogue) -> None:
        """Finds which parameter plays which role, with the first module that the cases construct."""
        if self.binding is not None or not self.kata.roles:
            return
        for program in _binding_programs(self.programs):
            step = min(program.constructs)
            dialogue.send(wire.pack(wire.DESCRIBE, {"step": program.steps[step]}))
            answer = self._expect(dialogue, wire.DESCRIBED).header
            if "error" not in answer:
                break
        else:
            return  # no module can be constructed: every case will say so itself
        found = _parameters(answer)
        shapes = {role: tuple(value.shape) for role, value in program.constructs[step].items()}
        plans = candidates(self.kata, shapes, found, program.configs[step])
        if not plans:
            raise _nothing_fits(self.kata, shapes, found)
        self.binding = plans[0]
        if len(plans) > 1:
            self.binding = self._settle(dialogue, program, plans)
        if self.binding.zeroed:
            _leave_out(self.programs, self.binding.zeroed)

    def _settle(self, dialogue: Dialogue, program: Program, plans: list[Binding]) -> Binding:
        """Tries bindings on one case; the first that gives the reference's values is right for all cases."""
        outcomes: list[Outcome] = []
        reduced = {plan.zeroed: _without(program, plan) for plan in plans}  # the reference is carried out once for each
        for batch in (plans[:1], plans[1:]):
            for plan in batch:
                dialogue.send(self._frame(reduced[plan.zeroed], 0, plan))
            fresh = [self._outcome(dialogue, program, 0, self._expect(dialogue, wire.DONE)) for _ in batch]
            for plan, outcome in zip(batch, fresh, strict=True):
                measured = yardstick(self.reference, reduced[plan.zeroed], plan)
                if judge(measured, outcome).status is Status.PASSED:
                    return plan
            outcomes += fresh
        return plans[first_match(self.mistakes, self.kata, program, outcomes)]

    def _cases(self, dialogue: Dialogue) -> None:
        """Judges what is left, case by case: the jail works on one while the answer to the one before it is judged."""
        todo = range(len(self.tried), len(self.programs))
        if not todo:
            return
        dialogue.send(self._frame(self.programs[todo[0]], todo[0], self.binding))
        for number in todo:
            program = self.programs[number]
            yard = yardstick(self.reference, program, self.binding)  # computed while the jail works
            following = b""
            if number + 1 < len(self.programs):
                following = self._frame(self.programs[number + 1], number + 1, self.binding)
            clock = time.monotonic()
            frame = self._expect(dialogue, wire.DONE)
            if following:
                dialogue.send(following)  # never earlier: tee(2) copies out of a pipe the inputs of cases to come
            outcome = self._outcome(dialogue, program, number, frame)
            result = judge(yard, outcome, time.monotonic() - clock, frame_file(self.file))
            self.add(program, outcome, result)

    def _outcome(self, dialogue: Dialogue, program: Program, number: int, frame: wire.Frame) -> Outcome:
        try:
            if frame.header.get("case") != number:
                raise wire.ProtocolFault("answers come out of order")
            return decode_outcome(frame, len(program.steps), self.tensor_limit)
        except wire.ProtocolFault as fault:
            dialogue.jail.kill()
            raise Ended(Status.CRASHED, f"its answer broke the protocol ({fault})", "它的应答破坏了通信协议") from None

    def _frame(self, program: Program, number: int, binding: Binding | None) -> bytes:
        weights: dict[int, dict[str, Tensor]] = {}
        if binding is not None:
            for step, values in program.constructs.items():
                if values:
                    weights[step] = binding.weights(values, program.configs[step])
        return program.frame(number, self.tensor_limit, weights)

    def _expect(self, dialogue: Dialogue, kind: int) -> wire.Frame:
        return expect(dialogue, self.kata, kind, min(time.monotonic() + self.case_seconds, self.deadline))


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
    kata: Kata, roles: dict[str, tuple[int, ...]], found: Sequence[tuple[str, tuple[int, ...]]]
) -> Rejected:
    wanted = ", ".join(f"{name} {shape}" for name, shape in roles.items())
    there = ", ".join(f"{name} {shape}" for name, shape in found[:24]) or "-"
    return Rejected(
        Verdict.ERROR,
        f"the parameters of `{kata.entry}` do not fit. Expected: {wanted}. Found: {there}.",
        f"`{kata.entry}` 的参数对不上。应有：{wanted}。实有：{there}。",
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
