"""Every line of the list of hostile programs is served by a program, by a test, or has its reason in not_built.toml.

The list: 138 hostile behaviours (B1 to B138) and 57 forgeries (F1 to F57). A program names its lines in its head,
`# line: B13 F21`; a test that needs more than one submission says the same in a comment.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from graders.verdict import Verdict

HERE = Path(__file__).parent
PROGRAMS = sorted((HERE / "programs").glob("*.py"))
ABOUT = {HERE / "test_coverage.py", HERE / "test_hostile.py"}  # they speak of heads, and serve no line themselves
TESTS = sorted(set(HERE.parent.rglob("test_*.py")) - ABOUT)
LINES = {f"B{number}" for number in range(1, 139)} | {f"F{number}" for number in range(1, 58)}
HEAD = re.compile(r"(?m)^\s*# line: (.+)$")


def lines_of(path: Path) -> set[str]:
    """The lines that a file says it serves."""
    return {word for found in HEAD.findall(path.read_text(encoding="utf-8")) for word in found.split()}


def not_built() -> dict[str, dict[str, str]]:
    return tomllib.loads((HERE / "not_built.toml").read_text(encoding="utf-8"))


def in_order(lines: set[str]) -> list[str]:
    return sorted(lines, key=lambda line: (line[0], int(line[1:])))


def test_every_line_is_built_or_has_its_reason() -> None:
    served = set().union(*map(lines_of, [*PROGRAMS, *TESTS]))
    assert in_order(LINES - served - set(not_built())) == []


def test_only_lines_that_exist_are_named_and_none_is_both_built_and_excused() -> None:
    served = set().union(*map(lines_of, [*PROGRAMS, *TESTS]))
    assert served - LINES == set()
    assert set(not_built()) - LINES == set()
    assert in_order(served & set(not_built())) == []


def test_every_reason_is_a_sentence() -> None:
    for line, entry in not_built().items():
        assert set(entry) == {"reason"}, line
        assert len(entry["reason"]) > 20, line
        assert entry["reason"].endswith("."), line


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_says_at_its_head_what_it_tries_and_which_verdict_is_right(path: Path) -> None:
    first, *rest = path.read_text(encoding="utf-8").splitlines()
    assert re.fullmatch(r"# hostile: .{10,}", first)
    keys = []
    for text in rest:
        match = re.fullmatch(r"# (line|verdict|prints): (.+)", text)
        if match is None:
            break
        keys.append(match[1])
        if match[1] == "verdict":
            assert set(match[2].split()) <= set(Verdict)
    assert "verdict" in keys
    assert len(keys) == len(set(keys))
