"""What keeps a submission from being judged at all, told in one sentence of each language."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graders import child
from graders.admission import Rejected, check_signature, inspect_source, why_not_loaded
from graders.program import Reference
from graders.verdict import Verdict
from tests.graders import toy_katas
from tests.graders.toy_katas import LINEAR, function

CASES = 'case = draw.case("a", "一")\ncase.entry(case.normal(2))\nyield case'
ATTEND = "def attend(query, key, mask=None, *, scale=None):\n    return query\n"
MODULE = """
class Attend(nn.Module):
    def __init__(self, d_model, dropout=0.0):
        super().__init__()

    def forward(self, x, mask=None):
        return x
"""


@pytest.fixture
def attend(tmp_path: Path) -> Reference:
    return function(tmp_path, CASES, answer=ATTEND, entry="attend", more='forbidden = ["torch.softmax"]')


@pytest.fixture
def module(tmp_path: Path) -> Reference:
    return Reference(toy_katas.write(tmp_path / "module", "Attend", MODULE, CASES))


def rejected(reference: Reference, code: bytes) -> Rejected:
    with pytest.raises(Rejected) as caught:
        inspect_source(reference.kata, code, "answer.py")
    assert caught.value.text.zh
    return caught.value


# -- source ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "what"),
    [
        (b"", "the file is empty"),
        (b" \n\t\n", "the file is empty"),
        (b"x = 1\ny = '\xff'\n", "answer.py:2: not UTF-8 text"),
        (b"x = 1\ny = (\n", "answer.py:2: syntax error: '(' was never closed"),
        (b"x = 1\0", "answer.py:1: syntax error"),
        (b"x = " + b"(" * 5000 + b")" * 5000, "answer.py:1: syntax error: too many nested parentheses"),
        (b"x = " + b"-" * 50_000 + b"1", "nested too deeply"),
        (b"#" * (300 << 10), "bytes; 262144 are allowed"),
    ],
    ids=["empty", "blank", "not UTF-8", "syntax", "NUL", "parentheses", "minus", "too large"],
)
def test_a_source_that_is_no_python_is_invalid(attend: Reference, code: bytes, what: str) -> None:
    error = rejected(attend, code)
    assert error.verdict is Verdict.INVALID
    assert what in error.text.en


def test_a_forbidden_call_is_returned_with_its_line(attend: Reference) -> None:
    (finding,) = inspect_source(attend.kata, b"import torch\ny = torch.softmax(x, 0)\n")
    assert finding.line == 2


def test_a_byte_order_mark_and_chinese_are_fine(attend: Reference) -> None:
    assert inspect_source(attend.kata, "# 注意力\ndef attend(): ...\n".encode()) == []
    assert inspect_source(attend.kata, "\ufeffdef attend(): ...\n".encode()) == []


def test_the_size_that_is_allowed_is_the_katas(attend: Reference) -> None:
    small = replace(attend.kata, limits={**attend.kata.limits, "source_kib": 1})
    assert inspect_source(small, b"#" * 1024) == []
    with pytest.raises(Rejected, match="1025 bytes; 1024 are allowed"):
        inspect_source(small, b"#" * 1025)


# -- loading ---------------------------------------------------------------------------------------------------------


def answer_to(source: str, entry: str = "attend") -> dict[str, Any]:
    return child.load(source.encode(), entry, "mine.py")[1]


def why(reference: Reference, answer: dict[str, Any]) -> Rejected:
    found = why_not_loaded(reference, "mine.py", answer)
    assert found.text.zh
    return found


@pytest.mark.parametrize(
    ("source", "verdict", "what"),
    [
        ("x = 1\n1 / 0\n", "error", "mine.py:2: raised ZeroDivisionError: division by zero"),
        ("raise SystemExit", "error", "mine.py:1: raised SystemExit while the file was loaded"),
        ("exec('(')", "invalid", "mine.py:1: syntax error"),
        ("return 5", "invalid", "mine.py:1: syntax error: 'return' outside function"),
        ("def other(): ...\ndef third(): ...", "invalid", "defines no `attend` (it defines: other, third)"),
        ("x = 1", "invalid", "defines no `attend` (it defines: -)"),
        ("attend = 3", "invalid", "`attend` must be a function; it is of type int"),
    ],
)
def test_why_a_file_could_not_be_loaded(attend: Reference, source: str, verdict: str, what: str) -> None:
    found = why(attend, answer_to(source))
    assert found.verdict == verdict
    assert what in found.text.en


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"ok": False},
        {"error": {}},
        {"error": {"type": ["x"], "message": {"a": 1}, "frames": "no"}},
        {"error": {"type": "E", "frames": [[1, 2], 3, [None, None, None]]}},
        {"missing": True, "names": {"a": 1}},
        {"missing": 1, "names": [1, None, [], "x" * 999]},
        {"not_callable": ["x" * 999]},
    ],
    ids=str,
)
def test_an_answer_of_any_form_gets_a_verdict(attend: Reference, answer: dict[str, Any]) -> None:
    assert why(attend, answer).verdict in (Verdict.INVALID, Verdict.ERROR)


# -- signatures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        ATTEND,
        "def attend(q, k, mask=None, scale=None): ...",
        "def attend(query, key, mask, scale): ...",
        "def attend(*args, **kwargs): ...",
        "def attend(q, /, k, *, scale=None, mask=None, more=1): ...",
        "attend = lambda q, k, mask=None, scale=None: q",
        "import functools\ndef f(x, q, k, mask=None, scale=None): ...\nattend = functools.partial(f, 1)",
    ],
)
def test_signatures_that_the_calls_can_use_are_fine(attend: Reference, source: str) -> None:
    check_signature(attend, answer_to(source))


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("def attend(): ...", "it must take query, key"),
        ("def attend(query, key, scale=None): ...", "it lacks the parameter `mask`"),
        ("def attend(query, key, mask=None): ...", "it lacks the parameter `scale`"),
        ("def attend(query, key, value, mask=None, scale=None): ...", "the parameter `value` needs a default"),
        ("class attend: ...", "`attend` is a class, and must be a function"),
    ],
)
def test_signatures_that_the_calls_cannot_use_are_invalid(attend: Reference, source: str, what: str) -> None:
    with pytest.raises(Rejected) as caught:
        check_signature(attend, answer_to(source))
    assert caught.value.verdict is Verdict.INVALID
    assert what in caught.value.text.en


@pytest.mark.parametrize(
    ("init", "forward", "what"),
    [
        ("self, d_model, dropout=0.0", "self, x, mask=None", ""),
        ("self, width, dropout=0.1, bias=True", "self, inputs, mask=None, **more", ""),
        ("self, *args, **kwargs", "self, *args, **kwargs", ""),
        ("self, dropout=0.0", "self, x, mask=None", ""),
        ("self", "self, x, mask=None", "signature of `Attend` does not fit: it must take d_model"),
        ("self, d_model", "self, x, mask=None", "signature of `Attend` does not fit: it lacks the parameter `dropout`"),
        ("self, d_model, dropout=0.0", "self, x", "signature of `Attend.forward` does not fit: it lacks the parameter `mask`"),
        ("self, d_model, dropout=0.0", "self", "signature of `Attend.forward` does not fit: it must take x"),
        ("self, d_model, heads, dropout=0.0", "self, x, mask=None", "the parameter `heads` needs a default"),
    ],
)  # fmt: skip
def test_the_constructor_and_forward_of_a_class_are_looked_at(
    module: Reference, init: str, forward: str, what: str
) -> None:
    source = f"from torch import nn\nclass Attend(nn.Module):\n    def __init__({init}): ...\n    def forward({forward}): ...\n"
    answer = answer_to(source, "Attend")
    if not what:
        check_signature(module, answer)
        return
    with pytest.raises(Rejected) as caught:
        check_signature(module, answer)
    assert what in caught.value.text.en


def test_a_factory_is_a_reasonable_style(module: Reference) -> None:
    check_signature(module, answer_to("def Attend(*args): ...", "Attend"))


@pytest.mark.parametrize(
    "claim",
    [
        None,
        1,
        "x",
        {},
        [1],
        [[]],
        [[1, 2, 3]],
        [[[], "KEYWORD_ONLY", False]] * 3,
        [[{}, {}, {}]],
        [["a", ["b"], 0]] * 3,
    ],
    ids=str,
)
def test_a_claimed_signature_of_any_form_is_answered(attend: Reference, claim: Any) -> None:
    with suppress(Rejected):  # a verdict on the submission, or the calls decide; never an exception of another kind
        check_signature(attend, {"ok": True, "class": False, "signature": claim})


def test_a_toy_of_two_layers_has_no_signature_fault(tmp_path: Path) -> None:
    reference = Reference(toy_katas.write(tmp_path / "linear", "Linear", LINEAR, CASES))
    check_signature(reference, answer_to("import torch\nfrom torch import nn\n" + LINEAR, "Linear"))
