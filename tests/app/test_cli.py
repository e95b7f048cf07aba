"""The command line as a person meets it: what is printed, and the exit code. Grading itself is in test_grading.py."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli import main
from tests.app.banks import write_kata
from tests.conftest import ROOT, Command

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bank of two katas in place of the one brought along."""
    root = tmp_path / "bank"
    write_kata(root, "softmax", title="Softmax")
    write_kata(root, "why_heads", kind="concept", level=1)
    monkeypatch.setenv("TORCHKATA_BANK", str(root))
    return root


def refused(arguments: list[str], captured: Captured, code: int = 2) -> str:
    """Runs the command, which must end in one sentence; returns it."""
    assert main(arguments) == code
    out, err = captured.readouterr()
    assert out == ""
    assert err.startswith("torchkata: ")
    assert err.count("\n") == 1
    return err


def test_list_prints_a_line_a_kata_the_easiest_first(bank: Path, capsys: Captured) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["kata", "why_heads", "softmax"]


def test_list_as_json_has_exactly_the_fields_of_its_contract(bank: Path, capsys: Captured) -> None:
    assert main(["list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    title = {"en": "Softmax", "zh": "题目"}
    assert rows[1] == {"id": "softmax", "kind": "code", "track": "attention", "level": 2, "title": title}


def test_a_broken_kata_is_named_and_the_others_are_listed(bank: Path, capsys: Captured) -> None:
    (bank / "softmax" / "kata.toml").write_text("format = ")
    assert main(["list"]) == 2
    out, err = capsys.readouterr()
    assert "why_heads" in out
    assert "kata softmax: kata.toml: cannot be read" in err


def test_show_keeps_the_answer_back_until_it_is_asked_for(bank: Path, capsys: Captured) -> None:
    source = "def softmax(x):\n    return x.softmax(-1)\n"
    (bank / "softmax" / "reference.py").write_text(source)
    assert main(["show", "softmax"]) == 0
    page = capsys.readouterr().out
    assert "Question of softmax in en" in page
    assert "Task of softmax" in page
    assert "Answer" not in page
    assert "nudge" not in page
    assert main(["show", "softmax", "--answer"]) == 0
    page = capsys.readouterr().out
    assert all(f"{section} of softmax" in page for section in ("Question", "Task", "Answer", "Pitfalls", "Follow-ups"))
    assert source in page
    assert "nudge" not in page


@pytest.mark.parametrize(("n", "shown"), [(1, ["first"]), (2, ["first", "second"]), (9, ["first", "second", "third"])])
def test_hints_are_shown_one_after_the_other(n: int, shown: list[str], bank: Path, capsys: Captured) -> None:
    assert main(["show", "softmax", "--hint", str(n)]) == 0
    page = capsys.readouterr().out
    assert [word for word in ("first", "second", "third") if f"{word} nudge" in page] == shown


def test_a_missing_page_is_the_authors_mistake_with_kata_and_file(bank: Path, capsys: Captured) -> None:
    (bank / "softmax" / "page.zh.md").unlink()
    assert main(["show", "softmax"]) == 0
    capsys.readouterr()
    assert "softmax：page.zh.md" in refused(["show", "softmax", "--lang", "zh"], capsys)


def test_show_renders_markdown_on_a_terminal(bank: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "app.cli", "show", "softmax"]
    done = subprocess.run(command, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm"}, cwd=ROOT)
    os.close(theirs)
    text = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert done.returncode == 0
    assert "Question of softmax in en" in text
    assert "## " not in text


def test_init_writes_a_starter_that_says_its_kata(bank: Path, tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "mine.py"
    assert main(["init", "softmax", "-o", str(file)]) == 0
    assert file.read_text().startswith("# kata: softmax\ndef softmax(x):")
    assert str(file) in capsys.readouterr().out


def test_init_never_overwrites(bank: Path, tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "mine.py"
    file.write_text("precious")
    assert "exists already" in refused(["init", "softmax", "-o", str(file)], capsys)
    assert file.read_text() == "precious"


def test_init_names_the_file_after_the_kata(bank: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "softmax"]) == 0
    assert (tmp_path / "softmax.py").is_file()


def test_init_of_a_concept_kata_is_refused(bank: Path, capsys: Captured) -> None:
    assert "is a concept kata" in refused(["init", "why_heads"], capsys)


def test_show_asks_the_quiz_and_judges_it_only_with_the_answer(bank: Path, capsys: Captured) -> None:
    assert main(["show", "why_heads"]) == 0
    page = capsys.readouterr().out
    assert "**1.** Which one?" in page
    assert "**2.** Which ones? (Several may be right.)" in page
    assert not any(told in page for told in ("because one", "Right.", "It is one.", "512 / 8", "64"))
    assert main(["show", "why_heads", "--answer", "--lang", "zh"]) == 0
    page = capsys.readouterr().out
    assert all(told in page for told in ("因为一", "*正确。*", "**64 个** = `512 / 8`", "512：没有除"))


def test_new_scaffolds_a_concept_kata(bank: Path, capsys: Captured) -> None:
    assert main(["new", "my_idea", "--kind", "concept"]) == 0
    assert "quiz.toml" in capsys.readouterr().out
    assert (bank / "my_idea" / "quiz.toml").is_file()
    assert not (bank / "my_idea" / "cases.py").exists()
    assert "--kind" in refused(["new", "my_other", "--kind", "essay"], capsys)


def test_new_scaffolds_and_says_what_is_left(bank: Path, capsys: Captured) -> None:
    assert main(["new", "my_kata"]) == 0
    out = capsys.readouterr().out
    assert (bank / "my_kata" / "cases.py").is_file()
    assert "torchkata check my_kata" in out
    assert "cases.py" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lst"], "do you mean list?"),
        (["frobnicate"], "There is no command frobnicate."),
        (["grade"], "FILE is missing. Try: torchkata grade --help"),
        (["grade", "--sede", "3", "x.py"], "There is no option --sede here; do you mean --seed?"),
        (["grade", "--seed", "many", "x.py"], "--seed: "),
        (["grade", "--seed", "-1", "x.py"], "--seed: "),
        (["grade", "--min-score", "101", "x.py"], "--min-score: "),
        (["grade", "--timeout", "nan", "x.py"], "--timeout: must be a number of seconds above 0."),
        (["grade", "--timeout", "0", "x.py"], "--timeout: must be a number of seconds above 0."),
        (["grade", "--device", "tpu", "x.py"], "--device: "),
        (["grade", "--format", "xml", "x.py"], "--format: "),
        (["grade", "--isolation", "some", "x.py"], "--isolation: "),
        (["grade", "--kata", "softmx", "x.py"], "do you mean softmax?"),
        (["grade", "--kata", "softmax", "-", "-"], "- can be named once only."),
        (["grade", "--output", "/nowhere/report.json", "x.py"], "/nowhere/report.json: cannot be written"),
        (["grade", "-o", "/", "x.py"], "/: is a folder"),
        (["run", "nowhere.py"], "nowhere.py: there is no such file."),
        (["run", "a.py", "b.py"], "b.py"),
        (["show", "sofmax"], "do you mean softmax?"),
        (["show", "softmax", "--hint", "0"], "--hint: "),
        (["check", "sofmax"], "do you mean softmax?"),
        (["list", "--lang"], "--lang needs a value."),
        (["list", "--lang", "de"], "must be one of en, zh, not `de`."),
        (["init", "softmax", "-o", "/nowhere/x.py"], "/nowhere/x.py: cannot be written"),
        (["new", "No"], "cannot be a kata's id"),
        (["new", "softmax"], "exists already"),
    ],
)
def test_bad_usage_is_one_sentence_and_exit_code_two(
    arguments: list[str], said: str, bank: Path, capsys: Captured
) -> None:
    assert said in refused(arguments, capsys)


def test_every_bad_file_is_complained_of(bank: Path, tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "softmax.py").write_bytes(b"")
    assert main(["grade", str(tmp_path / "softmax.py"), str(tmp_path / "b.py")]) == 2
    assert [line.rsplit(": ", 1)[1] for line in capsys.readouterr().err.splitlines()] == [
        "is empty.",
        "there is no such file.",
    ]


@pytest.mark.parametrize(
    "command", [[], ["list"], ["show"], ["init"], ["run"], ["grade"], ["check"], ["doctor"], ["new"]]
)
def test_help_is_there_in_both_languages(command: list[str], capsys: Captured) -> None:
    assert main([*command, "--help"]) == 0
    english = capsys.readouterr().out
    assert main([*command, "--help", "--lang", "zh"]) == 0
    chinese = capsys.readouterr().out
    assert english.isascii()
    assert chinese != english


def test_no_command_shows_the_help_and_is_no_success(capsys: Captured) -> None:
    assert main([]) == 2
    assert "Usage: torchkata" in capsys.readouterr().out


def test_version_is_that_of_the_project(capsys: Captured) -> None:
    assert main(["--version"]) == 0
    assert f'version = "{capsys.readouterr().out.split()[1]}"' in (ROOT / "pyproject.toml").read_text()


@pytest.mark.parametrize("arguments", [["--lang", "zh", "list"], ["list", "--lang", "zh"], ["list", "--lang=zh"]])
def test_the_language_may_be_named_anywhere(arguments: list[str], bank: Path, capsys: Captured) -> None:
    assert main(arguments) == 0
    assert "难度" in capsys.readouterr().out


def test_the_locale_and_the_setting_choose_the_language(
    bank: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "是不是想写 list" in refused(["lst"], capsys)
    monkeypatch.setenv("TORCHKATA_LANG", "en")
    assert "do you mean list" in refused(["lst"], capsys)


def test_an_unknown_setting_is_refused_with_the_nearest(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHKATA_ISOLATON", "full")
    assert "do you mean `TORCHKATA_ISOLATION`" in refused(["list"], capsys)


def test_a_file_name_cannot_write_on_the_terminal(bank: Path, capsys: Captured) -> None:
    err = refused(["grade", "--kata", "softmax", "\x1b]0;owned\x07\nx"], capsys)
    assert "\\x1b]0;owned\\x07\\nx: there is no such file." in err


def test_a_fault_of_ours_is_one_sentence_with_the_place_of_its_details(
    bank: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Broken:
        def flush(self) -> None:
            raise RuntimeError("a stream that is out of order")

        def write(self, text: str) -> int:
            raise RuntimeError("a stream that is out of order")

    monkeypatch.setattr("sys.stdout", Broken())
    code = main(["list", "--json"])
    monkeypatch.undo()
    err = capsys.readouterr().err
    assert code == 3
    assert "fault of torchkata, not of your code (RuntimeError)" in err
    assert err.count("\n") == 1
    (file,) = (tmp_path / "data" / "faults").iterdir()
    assert str(file) in err
    assert "out of order" in file.read_text()


@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"], ["show", "softmax"], ["--help"]])
def test_a_reader_that_has_gone_away_is_no_fault_of_ours(arguments: list[str], bank: Path) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    command = [sys.executable, "-m", "app.cli", *arguments]
    done = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, cwd=ROOT)
    os.close(theirs)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_stream_that_is_not_utf8_gets_escapes_in_place_of_a_crash(torchkata: Command, bank: Path) -> None:
    done = torchkata("list", "--lang", "zh", env={"PYTHONIOENCODING": "ascii"}, cwd=ROOT)
    assert done.returncode == 0
    assert "\\u9898\\u76ee" in done.stdout
