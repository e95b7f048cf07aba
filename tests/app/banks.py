"""A small bank of katas on disk, for what only a broken or foreign bank can show."""

from __future__ import annotations

from pathlib import Path

from katas.bank import SECTIONS

TOML = """\
format = 1
kind = "{kind}"
track = "attention"
level = {level}
title = {{en = "{title}", zh = "题目"}}
"""

QUIZ = """\
[[question]]
id = "one"
kind = "single"
text.en = "Which one?"
text.zh = "哪一个？"
explanation.en = "It is one."
explanation.zh = "选一"
[[question.choice]]
text.en = "one right"
text.zh = "一对"
right = true # one
[[question.choice]]
text.en = "one wrong"
text.zh = "一错"
reason.en = "because one"
reason.zh = "因为一"

[[question]]
id = "two"
kind = "multiple"
text.en = "Which ones?"
text.zh = "哪些？"
explanation.en = "They are two."
explanation.zh = "有两个。"
[[question.choice]]
text.en = "two right"
text.zh = "二对"
right = true
[[question.choice]]
text.en = "two right as well"
text.zh = "二也对"
right = true
[[question.choice]]
text.en = "two wrong"
text.zh = "二错"
reason.en = "because two"
reason.zh = "因为二"

[[question]]
id = "three"
kind = "numeric"
text.en = "How many?"
text.zh = "多少？"
explanation.en = "512 / 8"
explanation.zh = "512 / 8"
[question.number]
value = 64
derivation = "512 / 8"
tolerance = 0.01
unit.en = "numbers"
unit.zh = "个"
[[question.number.slip]]
value = 512
derivation = "512"
reason.en = "not divided"
reason.zh = "没有除"
"""


def write_kata(bank: Path, name: str, *, kind: str = "code", level: int = 2, title: str = "Title") -> Path:
    """A kata with everything that is read as text; its answer and its cases are missing."""
    folder = bank / name
    folder.mkdir(parents=True)
    entry = f'entry = "{name}"\n' if kind == "code" else ""
    (folder / "kata.toml").write_text(TOML.format(kind=kind, level=level, title=title) + entry, encoding="utf-8")
    if kind == "concept":
        (folder / "quiz.toml").write_text(QUIZ, encoding="utf-8")
    (folder / "starter.py").write_text(f"def {name}(x):\n    raise NotImplementedError\n", encoding="utf-8")
    for lang, sections in SECTIONS.items():
        parts = [f"## {heading}\n\n{english} of {name} in {lang}" for english, heading in zip(SECTIONS["en"], sections)]
        parts[-1] = f"## {sections[-1]}\n\n1. first nudge\n2. second nudge\n3. third nudge"
        (folder / f"page.{lang}.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return folder
