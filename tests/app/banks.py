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


def write_kata(bank: Path, name: str, *, kind: str = "code", level: int = 2, title: str = "Title") -> Path:
    """A kata with everything that is read as text; its answer and its cases are missing."""
    folder = bank / name
    folder.mkdir(parents=True)
    entry = f'entry = "{name}"\n' if kind == "code" else ""
    (folder / "kata.toml").write_text(TOML.format(kind=kind, level=level, title=title) + entry, encoding="utf-8")
    (folder / "starter.py").write_text(f"def {name}(x):\n    raise NotImplementedError\n", encoding="utf-8")
    for lang, sections in SECTIONS.items():
        parts = [f"## {heading}\n\n{english} of {name} in {lang}" for english, heading in zip(SECTIONS["en"], sections)]
        parts[-1] = f"## {sections[-1]}\n\n1. first nudge\n2. second nudge\n3. third nudge"
        (folder / f"page.{lang}.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return folder
