"""Inspects a heavy source in a jail of its own, which is thrown away: parsing it costs seconds and hundreds of megabytes.

The jail runs graders/policy.py and nothing of the submission. It is not the jail that loads the submission.
"""

from __future__ import annotations

import time
from typing import Any

from graders import wire
from graders.admission import as_policy, no_python, too_complex
from graders.dialogue import Capture, Dialogue, Ended
from graders.dialogue import Jail as AnyJail
from graders.policy import MOST, Finding
from graders.verdict import PolicyFinding
from katas.bank import Kata

MAX_ANSWER = 1 << 16


def inspect_in_jail(kata: Kata, code: bytes, file: str, jail: AnyJail, seconds: float) -> list[PolicyFinding]:
    """Forbidden calls in a source; raises Rejected where it is no Python, or takes more than a jail may use."""
    deadline = time.monotonic() + seconds
    with Dialogue(jail, Capture(0, MAX_ANSWER), MAX_ANSWER) as dialogue:
        dialogue.send(wire.pack(wire.INSPECT, {"forbidden": list(kata.forbidden)}, [code]))
        try:
            answer = dialogue.receive(deadline).header
        except Ended:
            raise too_complex() from None
    return _understood(kata, file, answer)


def _understood(kata: Kata, file: str, answer: dict[str, Any]) -> list[PolicyFinding]:
    match answer:
        case {"unparsable": [int(line), str(what)]}:
            raise no_python(file, line, what[:200])
        case {"findings": list(rows)}:
            return as_policy([finding for row in rows[:MOST] if (finding := _finding(kata, row))])
    raise too_complex()


def _finding(kata: Kata, row: Any) -> Finding | None:
    match row:
        case [str(rule), int(line), str(text)] if rule in kata.forbidden:
            return Finding(rule, line, text[:120])
    return None
