"""The failures that a command may end with. What a learner's code does wrong is a value in the report, not an error."""

from __future__ import annotations

from typing import Any

from app.messages import say


class AppError(Exception):
    """Ends a command with one sentence of app/messages.py: `key` names it, `values` fill it in."""

    exit_code = 3

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key)
        self.key, self.values = key, values

    def text(self, lang: str) -> str:
        """The sentence in `lang`."""
        return say(lang, self.key, **self.values)

    def __str__(self) -> str:
        return self.text("en")


class UsageError(AppError):
    """Bad usage or bad input: the person at the keyboard can mend it."""

    exit_code = 2


class Fault(AppError):
    """Our own fault, or the machine's; never the submission's."""

    exit_code = 3
