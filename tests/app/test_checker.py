"""Syntax errors while typing, from a process that may die of its work."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from threading import Thread

import pytest

from app.checker import CHINESE, Checker, in_chinese
from app.syntax import errors

BOMBS = {
    "parentheses": "(" * 200_000,
    "minus": "-" * 200_000 + "1",
    "attributes": "a" + ".b" * 100_000,
    "sums": "1" + "+1" * 100_000,
    "powers": "2**" * 80_000 + "2",
    "not": "not " * 60_000 + "1",
    "lambdas": "lambda:" * 30_000 + "1",
    "conditions": "1 if 1 else " * 20_000 + "1",
    "elifs": "if 1:pass\n" + "elif 1:pass\n" * 20_000,
    "indices": "a" + "[0]" * 80_000,
    "calls": "a" + "()" * 100_000,
    "braces": "f'{" * 80_000,
    "constants": "x = 'a' * 10**9\ny = 9**9**9\nz = (1,) * 10**9\n",
    "tuples": "((((1,)*100,)*100,)*100,)*100\n" * 1000,
    "digits": "9" * 250_000,
    "decorators": "@a\n" * 80_000 + "def f(): pass\n",
}


@pytest.fixture
def checker() -> Iterator[Checker]:
    made = Checker()
    yield made
    made.close()


def test_right_code_has_no_errors(checker: Checker) -> None:
    assert checker.check("def f(x):\n    return x\n") == []
    assert checker.check("") == []


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("def f(:\n", (1, 7)),
        ("x = 1\ny = (\n", (2, 5)),
        ("if True:\nx = 1\n", (2, 1)),
        ("return 1\n", (1, 1)),
        ("def f(a, a): pass\n", (1, 10)),
        ("s = '😀' x\n", (1, 10)),
        ("'😀'; x y\n", (1, 9)),
    ],
)
def test_an_error_has_its_place_in_units_of_utf16(checker: Checker, source: str, place: tuple[int, int]) -> None:
    found = checker.check(source)
    assert found is not None
    assert [(one.line, one.column) for one in found] == [place]
    assert (found[0].end_line, found[0].end_column) >= place


@pytest.mark.parametrize("source", ["a\0b", "'\ud800'", "\ufeff\ufeffx", "\x0c\x0b", "#" + "\u2028" * 9, "\r\r\n\n"])
def test_strange_letters_do_no_harm(checker: Checker, source: str) -> None:
    assert checker.check(source) is not None
    assert checker.check("x = 1") == []


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_costs_the_helper_at_most(checker: Checker, name: str) -> None:
    found = checker.check(BOMBS[name][: 256 * 1024])
    assert found is None or isinstance(found, list)
    assert checker.check("x = (") is not None


def test_a_helper_that_died_is_started_again(checker: Checker) -> None:
    assert checker.check("x = 1") == []
    assert checker._process is not None
    checker._process.kill()
    checker._process.wait()
    assert checker.check("x = 1") == []


def test_an_answer_that_does_not_come_in_time_is_none(checker: Checker) -> None:
    assert checker.check("x = 1\n" * 60_000, seconds=0.001) is None
    assert checker.check("x = 1") == []


def test_nothing_is_executed(checker: Checker, tmp_path: object) -> None:
    assert checker.check(f"open({str(tmp_path)!r} + '/made', 'w')\nimport os\nos.abort()\n") == []
    assert checker.check("x = 1") == []


def test_a_closed_checker_leaves_no_process(checker: Checker) -> None:
    checker.check("x = 1")
    process = checker._process
    checker.close()
    assert process is not None
    assert process.returncode is not None


def test_closing_waits_for_no_answer(checker: Checker) -> None:
    assert checker.check("x = 1\n") == []
    assert checker._process is not None
    checker._process.send_signal(signal.SIGSTOP)  # it will never answer
    asking = [Thread(target=checker.check, args=("x = 1\n", 60.0)) for _ in range(2)]
    for thread in asking:
        thread.start()
    while not checker._lock.locked():
        time.sleep(0.001)
    closing = Thread(target=checker.close, daemon=True)
    closing.start()
    closing.join(20)
    assert not closing.is_alive()
    for thread in asking:
        thread.join(30)
    assert checker.check("x = 1\n") == []  # and it can be asked again


def test_the_helper_ends_when_nobody_asks_any_more(checker: Checker) -> None:
    checker.check("x = 1")
    assert checker._process is not None
    assert checker._process.stdin is not None
    checker._process.stdin.close()
    assert checker._process.wait(10) == 0
    checker._process.stdin = None
    assert checker._process.stdout is not None
    checker._process.stdout.close()
    checker._process = None


@pytest.mark.parametrize(
    "source",
    [
        "x = (",
        "if x",
        "x = 1 2",
        "  x",
        "if 1:\nx",
        "def f():\nx",
        "for x in y:\nx",
        "while 1:\nx",
        "class A:\nx",
        "with a:\nx",
        "try:\nx",
        "x = 'a",
        "x = '''a",
        "x = )",
        "x = (]",
        "x = (\n]",
        "1 = x",
        "f() = x",
        "return",
        "break",
        "continue",
        "f(a=1, 2)",
        "def f(a=1, b): pass",
        "f(a=1, a=2)",
        "def f(a, a): pass",
        "x，y",
        "1x",
        "print 'a'",
        "if x = 1: pass",
        "x = [1, 2",
        "if 1:\n  x\n y",
        "if 1:\n\tx\n        y",
        "from __future__ import nothing",
    ],
)
def test_common_errors_are_said_in_chinese(source: str) -> None:
    (found,) = errors(source)
    text = in_chinese(found["message"])
    assert any("\u4e00" <= c <= "\u9fff" for c in text), text
    assert "{" not in text
    if "future" not in source:
        assert not text.startswith("语法错误：") or len(text) < 6, (found["message"], text)


def test_every_row_of_the_table_can_be_filled_in() -> None:
    for pattern, chinese in CHINESE:
        groups = pattern.count("(") - pattern.count(r"\(") - pattern.count("(?:")
        assert chinese.format(*"abc"[:groups])
