"""A grader for the length of one command, and what its reports mean for the exit code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.errors import Fault, UsageError
from graders.sandbox import Isolation, IsolationRefused, Sandbox, SandboxFault
from graders.verdict import Report, Verdict

if TYPE_CHECKING:
    from graders.grade import Grader


@contextmanager
def grading(isolation: str, *, device: str = "cpu", timeout: float | None = None) -> Iterator[Grader]:
    """A grader over a sandbox of its own. Raises UsageError without the device, Fault without the sandbox."""
    try:
        with Sandbox.start(Isolation(isolation)) as sandbox:
            # torch is imported here and in the zygote at the same time: a cold grade is one import long.
            import torch

            from graders.grade import Grader

            if device == "cuda":
                # A jail has no GPU yet: a grade that says cuda and runs on the CPU would be a lie.
                raise UsageError("cuda_unsupported" if torch.cuda.is_available() else "cuda_missing")
            with Grader(sandbox, device=device, timeout=timeout) as grader:
                yield grader
    except IsolationRefused as error:
        raise Fault("sandbox_refused", why=str(error)) from error
    except SandboxFault as error:
        raise Fault("sandbox", why=str(error)) from error


def exit_code(report: Report, min_score: float | None) -> int:
    """0 passed, 1 not passed, 3 our own fault. With `min_score` the score decides, where the code could be judged."""
    if report.verdict is Verdict.FAULT:
        return 3
    if min_score is None or report.score is None:
        return 0 if report.verdict is Verdict.PASSED else 1
    refused = report.verdict in (Verdict.INVALID, Verdict.FORBIDDEN)
    return 1 if refused or report.score.total < min_score else 0
