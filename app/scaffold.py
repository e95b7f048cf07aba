"""A new kata's folder: every file that a kata has, each saying what is still to be written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from app.errors import UsageError
from katas.bank import SECTIONS, Bank

_TOML = """\
format = 1
kind = "code"
track = "foundations"  # TODO: the module of reference/ that holds the answer
level = 1              # TODO: 1 (easy) to 5
entry = "{entry}"
dtypes = ["float64", "float32", "bfloat16", "float16"]  # that the answer promises
forbidden = []         # TODO: torch's own operators that would be the answer, as "torch.nn.functional.softmax"
# torch = "torch.nn.functional.xyz"  # torch's own operator; torch_twin.py then holds it against the answer
answers = []           # questions of katas/documents.toml that this kata answers
prerequisites = []
follow_ups = []

[title]
en = "TODO"
zh = "TODO"

[axes]
x = "B L D"            # TODO: each tensor argument and the letters of its axes; so for `output`

# For a module, one table for each parameter of the answer, with the names that people give it:
# [weights.q_proj]
# aliases = ["w_q", "query_linear"]
"""

_CONCEPT_TOML = """\
format = 1
kind = "concept"
track = "foundations"  # TODO: the track that it belongs to
level = 1              # TODO: 1 (easy) to 5
answers = []           # questions of katas/documents.toml that this kata answers
prerequisites = []
follow_ups = []

[title]
en = "TODO"
zh = "TODO"
"""

_QUIZ = """\
# Six to ten questions that tell understanding from the usual wrong beliefs. The format stands in docs/format.md.

[[question]]
id = "todo_single"
kind = "single"  # exactly one choice is right; `multiple` asks for all that are
text.en = "TODO: the question."
text.zh = "TODO：问题。"
explanation.en = "TODO: why the right answer is right."
explanation.zh = "TODO：为什么对。"
[[question.choice]]
text.en = "TODO: right"
text.zh = "TODO：正确选项"
right = true
[[question.choice]]
text.en = "TODO: wrong"
text.zh = "TODO：错误选项"
reason.en = "TODO: what is wrong with it."
reason.zh = "TODO：错在哪里。"

[[question]]
id = "todo_numeric"
kind = "numeric"
text.en = "TODO: how many?"
text.zh = "TODO：是多少？"
explanation.en = "TODO: how to come to it."
explanation.zh = "TODO：怎样算出来。"
[question.number]
value = 1_048_576
derivation = "4 * 512**2"  # must give the value
tolerance = 0.0            # relative; 0 asks for the exact number
unit.en = "parameters"
unit.zh = "个参数"
[[question.number.slip]]   # a wrong number that people come to
value = 786_432
derivation = "3 * 512**2"
reason.en = "TODO: what was forgotten."
reason.zh = "TODO：漏了什么。"
"""

_STARTER = '''\
# kata: {name}
import torch
from torch import Tensor


def {entry}(x: Tensor) -> Tensor:
    """TODO: what it computes, in one line.

    x: (B, L, D), TODO. Returns (B, L, D).
    """
    raise NotImplementedError
'''

_CASES = '''\
"""What is checked of {name}. The vocabulary stands in katas/script.py."""

from collections.abc import Iterator
from typing import Any

from katas.script import Case


def cases(draw: Any) -> Iterator[Case]:
    """TODO: 20 to 30 small cases, edge cases first, at least three of them visible."""
    case = draw.case("plain input", "普通输入", group="correctness", visible=True)
    out = case.entry(case.normal(2, 5, 8))
    case.backward(out)
    yield case
'''

_MISTAKE = '''\
"""en: TODO: the misunderstanding, and what it does to the result.
zh: TODO：这个误解是什么，会让结果变成什么样。
"""

from torch import Tensor


def {entry}(x: Tensor) -> Tensor:
    return x
'''

_PROMPTS = {
    "en": (
        "TODO: the question, as an interviewer puts it.",
        "TODO: signature, shapes, mask polarity, conventions, what is refused, what is forbidden.",
        "TODO: the explanation in prose and formulas; the source is shown from reference/.",
        "TODO: why it is so, what it costs, where it comes from.",
        "TODO: each mistake of mistakes/, explained.",
        "TODO: three to five questions that come next, with short answers.",
        "1. TODO: a nudge.\n2. TODO: the idea.\n3. TODO: nearly all.",
    ),
    "zh": (
        "TODO：面试官会怎么问。",
        "TODO：签名、形状、掩码约定、其他约定、应当报错的输入、禁用的调用。",
        "TODO：用文字和公式讲清楚；代码由 reference/ 展示。",
        "TODO：为什么这样做，代价多大，出自哪里。",
        "TODO：逐个说明 mistakes/ 里的错误。",
        "TODO：三到五个追问及简短回答。",
        "1. TODO：轻轻点一下。\n2. TODO：给出思路。\n3. TODO：几乎说完。",
    ),
}
_CONCEPT_PROMPTS = {
    "en": (
        _PROMPTS["en"][0],
        "TODO: explain it aloud first, then the quiz; conventions that the numbers rest on.",
        "TODO: the answer, as you would give it in two minutes.",
        _PROMPTS["en"][3],
        "TODO: each wrong belief, and why it is wrong.",
        *_PROMPTS["en"][5:],
    ),
    "zh": (
        _PROMPTS["zh"][0],
        "TODO：先把它讲出来，再做测验；写明数字所依据的约定。",
        "TODO：用两分钟能讲完的答案。",
        _PROMPTS["zh"][3],
        "TODO：逐个说明常见的错误认识，错在哪里。",
        *_PROMPTS["zh"][5:],
    ),
}


def scaffold(name: str, bank: Bank, kind: str = "code") -> tuple[Path, list[str]]:
    """Writes the folder of the kata `name` into the bank; returns it and the names of its files. Raises UsageError."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name):
        raise UsageError("new_name", name=name)
    folder = bank.root / name
    if folder.exists():
        raise UsageError("new_exists", name=name, folder=str(folder))
    files = _concept_files() if kind == "concept" else _files(name)
    try:
        for file, text in files.items():
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError("file_unwritable", file=str(folder), why=error.strerror) from None
    return folder, list(files)


def _files(name: str) -> Mapping[str, str]:
    return {
        "kata.toml": _TOML.format(entry=name),
        "page.en.md": _page("en"),
        "page.zh.md": _page("zh"),
        "starter.py": _STARTER.format(name=name, entry=name),
        "cases.py": _CASES.format(name=name),
        "mistakes/todo.py": _MISTAKE.format(entry=name),
    }


def _concept_files() -> Mapping[str, str]:
    return {
        "kata.toml": _CONCEPT_TOML,
        "page.en.md": _page("en", _CONCEPT_PROMPTS),
        "page.zh.md": _page("zh", _CONCEPT_PROMPTS),
        "quiz.toml": _QUIZ,
    }


def _page(lang: str, prompts: Mapping[str, tuple[str, ...]] = _PROMPTS) -> str:
    return (
        "\n\n".join(f"## {heading}\n\n{prompt}" for heading, prompt in zip(SECTIONS[lang], prompts[lang], strict=True))
        + "\n"
    )
