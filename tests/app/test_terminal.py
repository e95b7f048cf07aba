"""What is foreign is shown escaped."""

from __future__ import annotations

import io
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.terminal import console, visible, visible_json


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("两行\n文字\t。", "两行\n文字\t。"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\rb\x00\x7f\x9b", "a\\rb\\x00\\x7f\\x9b"),
        ("\u202egnp.exe\u2066\u200b\ufeff", "\\u202egnp.exe\\u2066\\u200b\\ufeff"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_a_terminal_would_obey_or_hide_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_sentence_keeps_to_its_line() -> None:
    assert visible("a\nb\tc", keep="") == "a\\nb\\tc"


@given(st.text(st.characters(codec=None)))
def test_nothing_hidden_is_left_in_any_text(text: str) -> None:
    shown = visible(text)
    assert all(char in "\n\t" or unicodedata.category(char)[0] not in "C" for char in shown)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_escaped_json_means_what_it_meant(text: str) -> None:
    escaped = visible_json(json.dumps({"text": text}, ensure_ascii=False, indent=2))
    assert json.loads(escaped) == {"text": text}
    assert all(char == "\n" or unicodedata.category(char)[0] != "C" for char in escaped)


def test_the_console_reads_no_markup_and_cuts_no_line() -> None:
    stream = io.StringIO()
    console(stream).print("[bold red]x[/] :smile: " + "y" * 500)
    assert stream.getvalue() == "[bold red]x[/] :smile: " + "y" * 500 + "\n"
