"""The alternative that a warm grade is held against: a fresh process that imports torch and runs the same cases, unjailed."""

from __future__ import annotations

import sys

from graders.compare import judge
from graders.diagnose import Mistakes
from graders.program import Reference, carry_out
from graders.verdict import Status
from katas.bank import Bank


def main(name: str) -> int:
    """Judges the reference of one kata by its own cases; 0 when all pass."""
    reference = Reference(Bank.open().kata(name))
    mistakes = Mistakes(reference)
    for program in reference.programs(1):
        outcome = carry_out(program, reference.entry, program.dtype, program.constructs)
        if judge(mistakes.yardstick(program), outcome).status is not Status.PASSED:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
