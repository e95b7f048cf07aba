"""The table of sentences: whole in both languages, and nothing in it that nobody says."""

from __future__ import annotations

import re
import string

import pytest

from app.messages import TABLE, say
from graders.verdict import Status, Verdict
from katas.script import Group
from tests.conftest import ROOT


def fields(template: str) -> set[str]:
    """The names that a template wants filled in."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("key", TABLE)
def test_both_languages_say_a_sentence_with_the_same_values(key: str) -> None:
    english, chinese = TABLE[key]
    assert english.strip()
    assert chinese.strip()
    assert fields(english) == fields(chinese)


@pytest.mark.parametrize("key", TABLE)
def test_no_sentence_shouts(key: str) -> None:
    assert not re.search("[!！]", "".join(TABLE[key]))


@pytest.mark.parametrize("key", [key for key in TABLE if not re.search(r"[\x80-\U0010ffff]", TABLE[key][1])])
def test_a_chinese_sentence_without_chinese_is_a_command(key: str) -> None:
    assert key == "new.step.check"


def test_every_status_verdict_and_group_has_words() -> None:
    for prefix, kind in (("status", Status), ("verdict", Verdict), ("group", Group)):
        assert [member for member in kind if f"{prefix}.{member}" not in TABLE] == []


def test_every_sentence_is_said_somewhere() -> None:
    source = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "app").rglob("*.py") if path.stem != "messages"
    )
    composed = (
        "help",
        "option.",
        "status.",
        "verdict.",
        "group.",
        "kind.",
        "list.",
        "new.step.",
        "report.part.",
        "database_",
        "show.",
    )
    unsaid = [
        key for key in TABLE if not key.startswith(composed) and f'"{key}"' not in source and f"'{key}'" not in source
    ]
    assert [key for key in unsaid if key not in ("report.expected", "report.actual")] == []


def test_a_value_is_never_read_as_a_template() -> None:
    assert "{kata}" in say("en", "file_missing", file="{kata}")


def test_an_unknown_language_gets_english() -> None:
    assert say("fr", "interrupted") == say("en", "interrupted")
