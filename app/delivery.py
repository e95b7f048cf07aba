"""What `grade`, `run` and `check` hand over: reports on the terminal or into a file, findings a line a kata."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import UsageError
from app.messages import say
from app.sources import STDIN
from app.terminal import console, visible

if TYPE_CHECKING:
    from graders.selfcheck import Finding
    from graders.verdict import Report


def check_output(output: str | None) -> None:
    """Finds out before the work, not after it, that its result could not be written."""
    if output is None or output == STDIN:
        return
    path = Path(output)
    if path.is_dir():
        raise UsageError("file_folder", file=output)
    target = path if path.exists() else path.absolute().parent
    if not os.access(target, os.W_OK):
        why = os.strerror(errno.EACCES if target.exists() else errno.ENOENT)
        raise UsageError("file_unwritable", file=output, why=why)


def deliver(reports: list[Report], as_json: bool, output: str | None, array: bool, lang: str) -> None:
    """Prints JSON, or writes what was asked for into `output`; text for the terminal has been printed already."""
    if not reports and not array:
        return
    to_file = output is not None and output != STDIN
    if as_json:
        from app.reports import json

        text = json.render(reports, array=array)
    elif to_file:
        from app.reports import text as as_text

        text = "\n\n".join(as_text.render(report, lang).plain for report in reports)
    else:
        return
    if not to_file or output is None:
        print(text)
        return
    try:
        Path(output).write_text(text + "\n", encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UsageError("file_unwritable", file=output, why=reason(error)) from None
    from app.reports.text import summary

    for report in reports:
        line = say(lang, "grade.written", file=report.file, verdict=summary(report, lang), output=output)
        print(visible(line, keep=""))


def reason(error: OSError | ValueError) -> str:
    """Why a file could not be had, in a few words."""
    return getattr(error, "strerror", None) or str(error)


def print_report(report: Report, lang: str, apart: bool = False) -> None:
    """A report for a person."""
    from app.reports.text import render

    if apart:
        print()
    console(sys.stdout).print(render(report, lang))


def print_findings(kata: str, findings: list[Finding], lang: str) -> bool:
    """A line for the kata, and one for each finding that is not good; True when all are."""
    from rich.text import Text

    wrong = [finding for finding in findings if not finding.ok]
    text = Text.assemble(("✗ ", "bold red") if wrong else ("✓ ", "bold green"))
    key = "check.kata_bad" if wrong else "check.kata_ok"
    text.append(say(lang, key, kata=kata, count=len(findings), bad=len(wrong)))
    for finding in wrong:
        text.append(f"\n    {visible(finding.what, keep='')}: {visible(finding.detail)}")
    console(sys.stdout).print(text)
    return not wrong
