"""Heavy sources are inspected in a jail of their own: same findings, same sentences, bounded work."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graders.admission import Rejected
from graders.grade import Grader
from graders.inspection import inspect_in_jail
from graders.policy import LIGHT, is_light
from graders.sandbox import Limits, Sandbox
from graders.selfcheck import reference_code
from graders.verdict import Verdict
from katas.bank import Bank

PADDING = b"# " + b"x" * LIGHT + b"\n"
FORBIDDEN = b"import torch.nn.functional as G\ny = lambda q: G.scaled_dot_product_attention(q, q, q)\n"
KATA = Bank.open().kata("scaled_dot_product_attention")


def test_what_people_write_is_light(bank: Bank) -> None:
    for name in bank.ids():
        kata = bank.kata(name)
        if kata.kind == "code":
            assert is_light(reference_code(kata)), name
            assert all(is_light(mistake.source.encode()) for mistake in kata.mistakes)


def test_a_long_right_solution_passes(grader: Grader) -> None:
    assert grader.grade(KATA, PADDING + reference_code(KATA)).verdict is Verdict.PASSED


def test_a_long_source_is_searched_as_a_short_one_is(grader: Grader) -> None:
    short, long = (grader.grade(KATA, before + FORBIDDEN + reference_code(KATA)) for before in (b"", PADDING))
    assert short.verdict is long.verdict is Verdict.FORBIDDEN
    assert [(one.rule, one.line + 1, one.text) for one in short.policy] == [
        (one.rule, one.line, one.text) for one in long.policy
    ]


def test_a_long_source_that_is_no_python_is_told_with_its_line(grader: Grader) -> None:
    report = grader.grade(KATA, PADDING + b"def f(:\n", file="a.py")
    assert report.verdict is Verdict.INVALID
    assert report.message is not None
    assert report.message.en.startswith("a.py:2: syntax error: ")


@pytest.mark.parametrize(
    "source",
    [
        b"x = " + b"(" * 180 + b"1" + b")" * 180 + b"\nx = " + b"-" * (200 << 10) + b"1",
        b"x = a" + b".b" * (100 << 10),
        b"s = '" + b"eval(s);" * 4000 + b"'\neval(s)\n",
        b"x = " + b"[" * 20000,
    ],
    ids=["signs", "attributes", "evaluates itself", "brackets"],
)
def test_a_source_that_cannot_be_inspected_is_invalid(grader: Grader, source: bytes) -> None:
    report = grader.grade(KATA, reference_code(KATA) + b"\n" + source)
    assert report.verdict is Verdict.INVALID
    assert report.message is not None
    assert report.message.zh
    assert grader.grade(KATA, reference_code(KATA)).verdict is Verdict.PASSED


def test_more_memory_or_time_than_a_jail_may_use_is_the_sources_fault() -> None:
    source = b"a;" * (120 << 10)
    with Sandbox.start(limits=Limits(memory=32 << 20)) as sandbox:
        lane = sandbox.lane()
        with pytest.raises(Rejected, match="too complex") as caught:
            inspect_in_jail(KATA, source, "-", lane.take(), 30)
        assert caught.value.verdict is Verdict.INVALID
        with pytest.raises(Rejected, match="too complex"):
            inspect_in_jail(replace(KATA), source, "-", lane.take(), 0.01)
        lane.close()
