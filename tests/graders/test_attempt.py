"""Tries: a learner's snippet after his code, with what he may see of it, and nothing else."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graders import attempt, wire
from graders.grade import Grader
from graders.snippet import MAX_VALUE
from graders.verdict import Trial, TrialStatus
from katas.bank import Kata
from tests.graders import toy_katas

CODE = b"def double(x):\n    print('doubling')\n    return 2 * x\n"


@pytest.fixture(scope="module")
def kata(tmp_path_factory: pytest.TempPathFactory) -> Kata:
    """A kata of one function that forbids torch.softmax; its limits are short."""
    cases = 'case = draw.case("a", "甲")\ncase.entry(case.normal(2))\nyield case'
    more = 'forbidden = ["torch.softmax"]\n[limits]\ncase_seconds = 5\noutput_kib = 4\noutput_kill_mib = 1\n'
    folder: Path = tmp_path_factory.mktemp("bank")
    return toy_katas.write(folder / "double", "double", toy_katas.DOUBLE, cases, more=more)


def tried(grader: Grader, kata: Kata, snippet: str, code: bytes = CODE) -> Trial:
    """A trial, sent as JSON and read back: what the page gets."""
    made = grader.attempt(kata, code, snippet)
    return Trial.model_validate_json(made.to_json())


def test_value_and_output_come_back(grader: Grader, kata: Kata) -> None:
    made = tried(grader, kata, "y = double(torch.ones(2, 3))\nprint('done')\ny")
    assert made.status is TrialStatus.DONE
    assert made.message is None
    assert made.value is not None
    assert made.value.startswith("shape (2, 3), float32\ntensor([[2., 2., 2.]")
    assert [(one.name, one.dims, one.dtype) for one in made.shapes] == [("value", [2, 3], "float32")]
    assert made.output.stdout == "doubling\ndone\n"
    assert made.environment is not None
    assert made.environment.isolation.level == "full"


def test_an_exception_shows_the_lines_of_both_files(grader: Grader, kata: Kata) -> None:
    made = tried(grader, kata, "def ask():\n    return double(None)\nask()")
    assert made.status is TrialStatus.ERROR
    assert made.message is not None
    assert "TypeError" in made.message.en
    assert [line.split(":")[:2] for line in made.traceback] == [
        ["snippet.py", "3 in <module>"],
        ["snippet.py", "2 in ask"],
        ["solution.py", "3 in double"],
    ]
    assert made.output.stdout == "doubling\n"


def test_what_was_printed_before_a_file_failed_is_shown(grader: Grader, kata: Kata) -> None:
    made = tried(grader, kata, "1", code=b"print('here')\n1 / 0\n")
    assert made.status is TrialStatus.ERROR
    assert made.output.stdout == "here\n"
    assert made.traceback == ["solution.py:2 in <module>: 1 / 0"]
    assert made.message is not None
    assert made.message.en.endswith("while the file was loaded")


def test_a_file_without_the_entry_can_be_tried(grader: Grader, kata: Kata) -> None:
    assert tried(grader, kata, "x", code=b"x = 3").value == "3"
    assert tried(grader, kata, "double", code=b"double = 3").value == "3"


@pytest.mark.parametrize(
    ("code", "snippet", "status", "said"),
    [
        (b"x = (", "1", TrialStatus.INVALID, "syntax error"),
        (CODE, "x = (", TrialStatus.INVALID, "snippet.py:1: syntax error"),
        (CODE, " \n", TrialStatus.INVALID, "the snippet is empty"),
        (CODE, "'\ud800'", TrialStatus.INVALID, "not UTF-8"),
        (b"import torch\ny = torch.softmax", "1", TrialStatus.FORBIDDEN, "line 2 uses torch.softmax"),
        (CODE, "\nF.softmax(torch.ones(2), -1)", TrialStatus.FORBIDDEN, "line 2 of snippet.py uses torch.softmax"),
        (CODE, "f = getattr(torch, 'soft' + str('max'))\nf(torch.ones(2), -1)", TrialStatus.FORBIDDEN, "torch.softmax"),
        (CODE, "return 1", TrialStatus.ERROR, "outside function"),
        (CODE, "raise SystemExit", TrialStatus.ERROR, "SystemExit"),
        (CODE, "input()", TrialStatus.ERROR, "input() was called"),
    ],
)
def test_what_keeps_a_snippet_from_its_end_is_said(
    grader: Grader, kata: Kata, code: bytes, snippet: str, status: TrialStatus, said: str
) -> None:
    made = tried(grader, kata, snippet, code)
    assert made.status is status
    assert made.message is not None
    assert said in made.message.en
    assert made.value is None


def test_no_reference_and_no_case_is_within_reach(grader: Grader, kata: Kata) -> None:
    made = tried(grader, kata, "import reference")
    assert made.message is not None
    assert "ModuleNotFoundError" in made.message.en
    assert tried(grader, kata, "import katas").status is TrialStatus.ERROR


# -- hostile ---------------------------------------------------------------------------------------------------------

REPR = "class Evil:\n    def __repr__(self):\n        {}\nEvil()"


@pytest.mark.parametrize(
    ("snippet", "status"),
    [
        ("while True: pass", TrialStatus.TIMEOUT),
        ("while True: print('x' * 1000)", TrialStatus.OUTPUT_LIMIT),
        ("import os\nos._exit(0)", TrialStatus.CRASHED),
        ("import os\nos.abort()", TrialStatus.CRASHED),
        ("import ctypes\nctypes.string_at(0)", TrialStatus.CRASHED),
        ("x = b'x' * (3 << 30)", TrialStatus.MEMORY),
        ("import os\nos.write(4, b'x' * 4096)", TrialStatus.CRASHED),
        (REPR.format("while True: pass"), TrialStatus.TIMEOUT),
        (REPR.format("return 'x' * (1 << 26)"), TrialStatus.DONE),
        (REPR.format("raise RuntimeError('no')"), TrialStatus.ERROR),
        (REPR.format("import os; os._exit(1)"), TrialStatus.CRASHED),
        (REPR.format("return 7"), TrialStatus.ERROR),
        (REPR.format("return '\\ud800\\x00\\x1b[2J<script>'"), TrialStatus.DONE),
        ("class S(str):\n    def __getitem__(self, at): raise KeyError\nS('a')", TrialStatus.DONE),
        (
            "class T(torch.Tensor):\n    shape = property(lambda s: 1 / 0)\ntorch.ones(2).as_subclass(T)",
            TrialStatus.ERROR,
        ),
        ("import sys\nsys.modules.clear()\n1", TrialStatus.DONE),
        ("import sys\nsys.stdout = None\n1", TrialStatus.DONE),
        ("x = []\nfor _ in range(100000): x = [x]\nx", TrialStatus.ERROR),
    ],
)
def test_a_hostile_snippet_ends_in_a_status(grader: Grader, kata: Kata, snippet: str, status: TrialStatus) -> None:
    made = tried(grader, kata, snippet)
    assert made.status is status, made
    assert made.value is None or len(made.value) <= MAX_VALUE + 4
    assert len(made.to_json()) < 200_000
    assert tried(grader, kata, "1 + 1").value == "2"  # and the next one is served


def test_a_snippet_cannot_send_the_answer_of_another_kind(grader: Grader, kata: Kata) -> None:
    forged = wire.pack(wire.DONE, {"case": 0, "results": []})
    made = tried(grader, kata, f"import os\nos.write(4, {forged!r})")
    assert made.status is TrialStatus.CRASHED


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda kids: st.lists(kids, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["value", "shapes", "error", "refused"]), JUNK))
def test_garbage_answers_are_a_result_or_a_broken_protocol(answer: dict[str, Any]) -> None:
    try:
        fields = attempt._told(answer, "solution.py")
    except wire.ProtocolFault:
        return
    assert fields["status"] in (TrialStatus.DONE, TrialStatus.ERROR)
    assert fields.get("value") is None or len(fields["value"]) <= MAX_VALUE + 4


@pytest.mark.parametrize(
    "answer",
    [
        {"value": "x" * (MAX_VALUE + 5), "shapes": []},
        {"value": 3, "shapes": []},
        {"value": "x", "shapes": [["a", [1], "f"]] * 65},
        {"value": "x", "shapes": [["a", [-1], "f"]]},
        {"value": "x", "shapes": [["a", [True], "f"]]},
        {"value": "x", "shapes": [["a" * 81, [1], "f"]]},
        {"error": {"type": 3, "message": "x"}},
        {"error": []},
    ],
)
def test_an_answer_of_another_form_breaks_the_protocol(answer: dict[str, Any]) -> None:
    with pytest.raises(wire.ProtocolFault):
        attempt._told(json.loads(json.dumps(answer)), "solution.py")


def test_frames_of_strange_files_belong_to_the_submission() -> None:
    rows = [[1, "f", "x", "snippet.py"], [2, "g", "y", "/etc/passwd"], [3, "h", "z"], [random.random(), "i", "j"]]
    fields = attempt._told({"error": {"type": "E", "message": "", "frames": rows}}, "solution.py")
    assert fields["traceback"] == ["snippet.py:1 in f: x", "solution.py:2 in g: y", "solution.py:3 in h: z"]
