"""Small wrong changes of every reference fail. Those that are right all the same are listed, each read by a person.

Right in spite of a change: swapped arguments of a symmetric call, a device or dtype that the CPU defaults to, a branch that
only another kata uses, a refusal that a later operation makes anyway.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from graders.grade import Grader
from graders.verdict import Verdict
from katas.answer import answer_source
from katas.bank import Bank
from tests.katas.mutation import Mutant, mutants

BANK = Bank.open()
CODE = [kata.id for kata in BANK.katas() if kata.kind == "code"]
RIGHT = Path(__file__).parent / "right_mutants.txt"
SAMPLE = 12  # mutants of a kata in `make test`; `make test-long` takes all


def known(name: str) -> set[str]:
    """The mutants of a kata that were read and found right."""
    rows = [line.split(" | ", 1) for line in RIGHT.read_text(encoding="utf-8").splitlines() if " | " in line]
    return {rest for kata, rest in rows if kata == name}


def survivors(grader: Grader, name: str, chosen: list[Mutant]) -> list[str]:
    """The mutants that pass and are not known to be right."""
    right = known(name)
    passed = [
        str(mutant)
        for mutant in chosen
        if grader.grade(BANK.kata(name), mutant.source.encode(), seed=11).verdict is Verdict.PASSED
    ]
    return [mutant for mutant in passed if mutant not in right]


@pytest.mark.parametrize("name", CODE)
def test_a_sample_of_mutants_fails(grader: Grader, name: str) -> None:
    everything = list(mutants(answer_source(BANK.kata(name))))
    everything.sort(key=lambda mutant: hashlib.sha256(mutant.source.encode()).digest())
    assert len(everything) > SAMPLE
    assert survivors(grader, name, everything[:SAMPLE]) == []


@pytest.mark.long
@pytest.mark.parametrize("name", CODE)
def test_all_mutants_fail(grader: Grader, name: str) -> None:
    assert survivors(grader, name, list(mutants(answer_source(BANK.kata(name))))) == []


def test_the_list_of_right_mutants_names_nothing_that_is_gone() -> None:
    for name in CODE:
        there = {str(mutant) for mutant in mutants(answer_source(BANK.kata(name)))}
        assert known(name) <= there, name
