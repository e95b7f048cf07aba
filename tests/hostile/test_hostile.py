"""Every program under programs/ meets the real sandbox; its head says which verdict it must get.

A program is appended to an honest solution, so that what it does beside the task can be told from what it answers:

    # hostile: what it tries
    # line: its lines in the list that test_coverage.py holds complete
    # verdict: the verdict (or verdicts, of which one must come)
    # prints: what must stand in its output, where it counts its own refused attempts

A program that got what it wanted prints ESCAPED.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.sandbox import Isolation, Sandbox
from graders.selfcheck import reference_code
from graders.verdict import Verdict
from katas.bank import Bank
from tests.hostile.patience import PATIENCE, patient

KATA = Bank.open().kata("scaled_dot_product_attention")
HONEST = reference_code(KATA)
PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))
SECONDS = 2.5  # a grade that must end by the clock takes as long
EITHER = 20.0  # where the clock of a case or of the grade has its part in the end
BY_ITSELF = {Verdict.PASSED, Verdict.MEMORY, Verdict.OUTPUT_LIMIT}  # whatever the clock says


@pytest.fixture(scope="module")
def grader() -> Iterator[object]:
    """One lane for the whole suite: what one program leaves, the next would meet."""
    with Sandbox.start(Isolation.FULL) as sandbox:
        from graders.grade import Grader

        with Grader(sandbox, timeout=SECONDS) as made:
            yield made


def head(source: str, key: str) -> str:
    """One line of a program's head."""
    match = re.search(rf"(?m)^# {key}: (.+)$", source)
    return match[1] if match else ""


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_hostile_program_gets_the_verdict_at_its_head(grader: object, path: Path) -> None:
    from graders.grade import Grader

    assert isinstance(grader, Grader)
    source = path.read_text(encoding="utf-8")
    wanted = {Verdict(word) for word in head(source, "verdict").split()}
    kata, grader.timeout = KATA, SECONDS if wanted == {Verdict.TIMEOUT} else EITHER
    if wanted <= BY_ITSELF:
        kata, grader.timeout = patient(KATA), PATIENCE
    report = grader.grade(kata, HONEST + b"\n\n" + source.encode(), file=path.name)
    told = [f"{case.name}: {case.status} {case.message.en if case.message else ''}" for case in report.cases[:3]]
    assert report.verdict in wanted, (report.verdict, report.message, told, report.output)
    assert head(source, "prints") in report.output.stdout
    assert "ESCAPED" not in report.output.stdout  # what a program prints when an attack succeeded
    for text in (report.output.stdout, report.output.stderr):
        assert len(text) <= 64 << 10


def test_the_next_honest_grade_is_right(grader: object) -> None:
    from graders.grade import Grader

    assert isinstance(grader, Grader)
    grader.timeout = PATIENCE
    for _ in range(3):
        assert grader.grade(patient(KATA), HONEST).verdict is Verdict.PASSED
