"""What a terminal may be shown: foreign text is escaped, and so no submission can recolour a verdict or hide a line."""

from __future__ import annotations

import sys
import unicodedata
from typing import TYPE_CHECKING, Any, Self, TextIO

if TYPE_CHECKING:
    from rich.console import Console

# Control, format (bidi overrides, zero widths), surrogate, line and paragraph separators, private use, unassigned.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"})


def visible(text: str, *, keep: str = "\n\t") -> str:
    r"""`text` with every character that a terminal would obey or hide written out, as `\x1b`; those in `keep` stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char if char in keep or unicodedata.category(char) not in _HIDDEN else _written(char) for char in text
    )


def visible_json(text: str) -> str:
    r"""JSON text with the same characters as `\uXXXX`: they can only stand inside its strings, so its meaning stays."""
    if text.isascii():
        return text.replace("\x7f", "\\u007f")
    return "".join(char if char == "\n" or unicodedata.category(char) not in _HIDDEN else _utf16(char) for char in text)


def console(stream: TextIO) -> Console:
    """A rich console on `stream` that adds nothing of its own: no markup, no highlighting, no emoji names."""
    from rich.console import Console  # rich takes 40 ms to import, which `list --json` has no need of

    width = None if stream.isatty() else 10_000  # a pipe or a file has no edge to cut a table at
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False, soft_wrap=True)


class Progress:
    """A progress bar on standard error while work is long; says nothing when it is not `enabled`."""

    def __init__(self, total: int, *, enabled: bool) -> None:
        self._total, self._enabled = total, enabled
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        if self._enabled:
            from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as RichProgress

            columns = (TextColumn("{task.description}", markup=False), BarColumn(bar_width=24), TimeElapsedColumn())
            # Without its refreshing thread: the grader forks, and a fork wants a single thread.
            self._bar = RichProgress(*columns, console=console(sys.stderr), transient=True, auto_refresh=False)
            self._task = self._bar.add_task("", total=self._total)
        return self

    def __exit__(self, *exc: object) -> None:
        self.pause()

    def begin(self, text: str) -> None:
        """Names the item that is worked on now."""
        if self._bar is not None:
            self._bar.update(self._task, description=text)
            self._bar.start()
            self._bar.refresh()

    def step(self) -> None:
        """Something happened inside the item."""
        if self._bar is not None:
            self._bar.refresh()

    def end(self) -> None:
        """The item is done."""
        if self._bar is not None:
            self._bar.advance(self._task)
            self._bar.refresh()

    def pause(self) -> None:
        """Takes the bar off the screen, so that a line can be printed; `begin` brings it back."""
        if self._bar is not None:
            self._bar.stop()


def forgive_encoding() -> None:
    """Lets a stream that is not UTF-8 show what it lacks as an escape, where it would raise."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _written(char: str) -> str:
    code = ord(char)
    if char in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[char]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _utf16(char: str) -> str:
    data = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{data[i : i + 2].hex()}" for i in range(0, len(data), 2))
