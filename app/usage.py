"""What typer builds and refuses, in our two languages; and the options that may stand anywhere on the command line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from app.errors import UsageError
from app.messages import TABLE, say

EVERYWHERE = ("lang", "data", "database-url")  # options that may stand before or behind the command


def take_everywhere(arguments: list[str]) -> tuple[dict[str, str | None], list[str]]:
    """Takes what stands everywhere out of the arguments, before a `--`; settings by their names."""
    flags: dict[str, str | None] = {}
    rest: list[str] = []
    left = iter(arguments)
    for word in left:
        name, equals, value = word.removeprefix("--").partition("=")
        if word == "--":
            rest += [word, *left]
        elif word.startswith("--") and name in EVERYWHERE:
            flags[name.replace("-", "_")] = value = value if equals else next(left, "")
            if not value:
                raise UsageError("usage_no_value", option=f"--{name}")
        else:
            rest.append(word)
    return flags, rest


def translate(command: Any, lang: str) -> None:
    """Puts the help of app/messages.py into the commands that typer has built."""
    for name, part in (("", command), *command.commands.items()):
        part.help = say(lang, f"help.{name}" if name else "help")
        part.epilog = say(lang, "help.everywhere") if name else None
        for parameter in part.params:
            if f"option.{parameter.name}" in TABLE:
                parameter.help = say(lang, f"option.{parameter.name}")


def known_command(arguments: list[str], commands: Iterable[str]) -> None:
    """Raises UsageError, with the nearest name, when the first argument is meant as a command and is none."""
    if arguments and not arguments[0].startswith("-") and arguments[0] not in commands:
        near = difflib.get_close_matches(arguments[0], commands, n=1, cutoff=0.5)
        key = "usage_command_near" if near else "usage_command"
        raise UsageError(key, command=arguments[0], near="".join(near))


def usage_sentence(error: Any, lang: str) -> str:
    """A sentence for what typer found wrong. Its classes are known by name, since their module is not public."""
    kind = type(error).__name__
    what = _meant(getattr(error, "param", None))
    if kind == "NoSuchOption":
        near = (error.possibilities or [""])[0]
        text = say(lang, "usage_option_near" if near else "usage_option", option=error.option_name, near=near)
    elif kind == "MissingParameter":
        text = say(lang, "usage_missing", what=what)
    elif kind == "BadParameter":
        text = say(lang, "usage_value", what=what, why=error.message.rstrip("."))
    else:
        text = say(lang, "usage_other", why=error.format_message().rstrip("."))
    context = getattr(error, "ctx", None)
    command = f"{context.info_name} " if context is not None and context.parent is not None else ""
    return say(lang, "try_help", error=text, command=command)


def _meant(parameter: Any) -> str:
    """`--seed`, or `FILE`."""
    if parameter is None:
        return ""
    option = next((name for name in parameter.opts if name.startswith("--")), None)
    return str(option or parameter.metavar or parameter.name.upper())
