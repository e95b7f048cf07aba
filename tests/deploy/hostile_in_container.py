"""Runs hostile programs at the level named first, a line of JSON for each; test_levels.py starts it in a container."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from graders.sandbox import Isolation, Sandbox
from graders.selfcheck import reference_code
from katas.bank import Bank
from tests.hostile.patience import PATIENCE, patient

SECONDS = 2.5  # a grade that must end by the clock takes as long


def main(level: str, names: list[str]) -> None:
    """Each program behind an honest solution; at the end the honest solution alone."""
    kata = Bank.open().kata("scaled_dot_product_attention")
    honest = reference_code(kata)
    with Sandbox.start(Isolation(level)) as sandbox:
        from graders.grade import Grader  # torch is imported while the zygote comes up

        with Grader(sandbox, timeout=SECONDS) as grader:
            for name in [*names, ""]:
                source = Path(name).read_bytes() if name else b""
                verdicts = next(
                    (line.split()[2:] for line in source.splitlines() if line.startswith(b"# verdict:")), []
                )
                # These end by themselves; but at a lower level many an attack ends by the clock, and may.
                by_itself = not name or (level == "full" and {*verdicts} <= {b"passed", b"memory", b"output_limit"})
                grader.timeout = SECONDS if verdicts == [b"timeout"] else PATIENCE
                report = grader.grade(patient(kata) if by_itself else kata, honest + b"\n\n" + source)
                line = {
                    "name": Path(name).stem,
                    "verdict": report.verdict,
                    "stdout": report.output.stdout,
                    "message": report.message.en if report.message else "",
                    "level": report.environment.isolation.level if report.environment else "",
                }
                print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
