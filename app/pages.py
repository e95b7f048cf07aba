"""What `list` and `show` put on a terminal: the table of katas, and a kata's page."""

from __future__ import annotations

from typing import TextIO

from rich.markdown import Markdown
from rich.table import Table

from app.messages import say
from app.terminal import console
from katas.answer import answer_source
from katas.bank import SECTIONS, Kata
from katas.quiz import Question, read_quiz, written

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
        if name == "Task" and kata.kind == "concept":
            parts.append(f"## {say(lang, 'show.quiz')}")
            parts += [_question(n, one, lang, answer) for n, one in enumerate(read_quiz(kata).questions, 1)]
    given = kata.hints(lang)[:hints] if hints else []
    parts += [f"## {say(lang, 'show.hint', n=n)}\n\n{text}" for n, text in enumerate(given, 1)]
    return "\n\n".join(parts)


def _question(n: int, question: Question, lang: str, answer: bool) -> str:
    """One question of a quiz; with `answer` also what is right, and what is wrong with the rest."""
    kind = "" if question.kind == "single" else say(lang, f"show.{question.kind}")
    lines = [f"**{n}.** {question.text[lang]}{kind}", ""]
    for letter, (_, choice) in zip("abcdefgh", question.shuffled(question.id), strict=False):
        lines.append(f"- {letter}) {choice.text[lang]}")
        if answer:
            verdict = say(lang, "show.right" if choice.right else "show.wrong")
            lines.append(f"  - *{verdict}* {choice.reason.get(lang, '')}".rstrip())
    if answer and question.number is not None:
        number = question.number
        unit = number.unit.get(lang, "")
        lines.append(f"- **{written(number.value)} {unit}".rstrip() + f"** = `{number.derivation}`")
        slips = number.slips
        lines += [f"- {say(lang, 'show.slip', value=written(one.value), reason=one.reason[lang])}" for one in slips]
    return "\n".join([*lines, *(["", question.explanation[lang]] if answer else [])]).strip()


def markdown(text: str, stream: TextIO) -> None:
    """Prints Markdown, rendered for a terminal, as it is for a pipe or a file."""
    if not stream.isatty():
        print(text, file=stream)
        return
    out = console(stream)
    out.print(Markdown(text), width=min(out.width, WIDEST), soft_wrap=False)
