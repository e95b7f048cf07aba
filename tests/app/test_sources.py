"""What is handed in, and which kata it is for."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from app.errors import UsageError
from app.sources import read
from katas.bank import Bank
from tests.app.banks import write_kata

CODE = "def softmax(x):\n    return x\n"


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    """softmax and layer_norm, which are code, and why_heads, which is not."""
    root = tmp_path / "bank"
    write_kata(root, "softmax")
    write_kata(root, "layer_norm")
    write_kata(root, "why_heads", kind="concept")
    return Bank.open(root)


def written(folder: Path, name: str, text: str | bytes = CODE) -> str:
    """A file to hand in."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def test_the_option_wins_over_the_first_line_and_that_over_the_name(bank: Bank, tmp_path: Path) -> None:
    file = written(tmp_path, "layer_norm.py", "# kata: softmax\n" + CODE)
    assert read(file, "layer_norm", bank).kata.id == "layer_norm"
    assert read(file, None, bank).kata.id == "softmax"
    assert read(written(tmp_path, "layer_norm.py"), None, bank).kata.id == "layer_norm"


@pytest.mark.parametrize("name", ["softmax.py", "Softmax.py", "SOFTMAX.txt", "softmax"])
def test_the_name_of_a_file_says_its_kata(name: str, bank: Bank, tmp_path: Path) -> None:
    assert read(written(tmp_path, name), None, bank).kata.id == "softmax"


@pytest.mark.parametrize("name", ["layer-norm.py", "Layer Norm.py", "layer_norm.py"])
def test_dashes_and_spaces_in_a_name_are_underscores(name: str, bank: Bank, tmp_path: Path) -> None:
    assert read(written(tmp_path, name), None, bank).kata.id == "layer_norm"


@pytest.mark.parametrize(
    "line", ["# kata: softmax", "#kata:softmax", "#  kata :  softmax  ", "\ufeff# kata: softmax\r"]
)
def test_the_first_line_may_be_spaced_as_one_likes(line: str, bank: Bank, tmp_path: Path) -> None:
    assert read(written(tmp_path, "mine.py", f"{line}\n{CODE}"), None, bank).kata.id == "softmax"


def test_the_bytes_are_handed_on_unchanged(bank: Bank, tmp_path: Path) -> None:
    code = b"\xef\xbb\xbf# kata: softmax\r\ndef softmax(x): ...\r\n"
    assert read(written(tmp_path, "mine.py", code), None, bank).code == code


def test_standard_input_is_read_for_a_dash(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"# kata: softmax\n" + CODE.encode())))
    source = read("-", None, bank)
    assert (source.file, source.kata.id) == ("-", "softmax")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("softmax.py", b"", "is empty"),
        ("softmax.py", b" \n\t\n", "is empty"),
        ("softmax.py", b"a = 1\nb = '\xff'\n", r"softmax\.py:2: is not UTF-8 text"),
        ("softmax.py", b"#" * (256 * 1024 + 1), "is larger than 256 KiB"),
        ("mine.py", CODE.encode(), "which kata is this for"),
        ("soft_max.py", CODE.encode(), r"do you mean softmax\?"),
        ("mine.py", b"# kata: sotfmax\n", r"mine\.py:1: there is no kata `sotfmax`; do you mean softmax"),
        ("mine.py", b"# kata: ../../etc\n", r"mine\.py:1: there is no kata"),
        ("mine.py", b"# kata:\n", r"mine\.py:1: there is no kata"),
        ("why_heads.py", CODE.encode(), "is a concept kata"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(name: str, text: bytes, said: str, bank: Bank, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        read(written(tmp_path, name, text), None, bank)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    assert caught.value.text("zh") != str(caught.value)


def test_a_file_of_exactly_the_limit_is_read(bank: Bank, tmp_path: Path) -> None:
    assert len(read(written(tmp_path, "softmax.py", b"#" * (256 * 1024)), None, bank).code) == 256 * 1024


@pytest.mark.parametrize(
    ("file", "said"), [("nowhere.py", "there is no such file"), (".", "is a folder"), ("a\0b", "cannot be read")]
)
def test_what_is_no_file_is_refused(file: str, said: str, bank: Bank) -> None:
    with pytest.raises(UsageError, match=said):
        read(file, "softmax", bank)


def test_an_unknown_kata_is_refused_with_the_nearest(bank: Bank, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="do you mean layer_norm"):
        read(written(tmp_path, "softmax.py"), "layernorm", bank)
