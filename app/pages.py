"""What `list` and `show` put on a terminal: the table of katas, and a kata's page."""

from __future__ import annotations

from typing import TextIO

from rich.markdown import Markdown
from rich.table import Table

from app.messages import say
from app.terminal import console
from katas.answer import answer_source
from katas.bank import SECTIONS, Kata

WITHOUT_ANSWER = ("Question", "Task")
WIDEST = 100  # columns; longer lines are hard to read


def table(katas: list[Kata], lang: str) -> Table:
    """A line a kata."""
    rows = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("id", "level", "track", "kind", "title"):
        rows.add_column(say(lang, f"list.{column}"), no_wrap=column != "title")
    for kata in katas:
        rows.add_row(kata.id, str(kata.level), kata.track, say(lang, f"kind.{kata.kind}"), kata.title[lang])
    return rows


def page(kata: Kata, lang: str, *, answer: bool, hints: int) -> str:
    """The page as Markdown: question and task, with `answer` the rest, then the first `hints` hints. Raises KataError."""
    sections = kata.page(lang)
    parts = [f"# {kata.title[lang]}"]
    for name, heading in zip(SECTIONS["en"], SECTIONS[lang], strict=True):
        if name in WITHOUT_ANSWER or (answer and name != "Hints"):
            parts.append(f"## {heading}\n\n{sections[name]}")
        if name == "Answer" and answer and kata.kind == "code":
            parts.append(f"```python\n{answer_source(kata)}```")
    given = kata.hints(lang)[:hints] if hints else []
    parts += [f"## {say(lang, 'show.hint', n=n)}\n\n{text}" for n, text in enumerate(given, 1)]
    return "\n\n".join(parts)


def markdown(text: str, stream: TextIO) -> None:
    """Prints Markdown, rendered for a terminal, as it is for a pipe or a file."""
    if not stream.isatty():
        print(text, file=stream)
        return
    out = console(stream)
    out.print(Markdown(text), width=min(out.width, WIDEST), soft_wrap=False)
