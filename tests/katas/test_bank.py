"""Kata folders are read as text; what is wrong with one is a sentence that names the kata and the file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from katas.bank import FORMAT, LIMITS, SCORE, SECTIONS, Bank, KataError, Role, UnknownKata, read_kata
from tests.app.banks import write_kata

LEAST = """\
format = 1
kind = "code"
track = "attention"
level = 2
title = {en = "Softmax", zh = "归一化指数"}
entry = "softmax"
"""


def kata(folder: Path, toml: str) -> Any:
    """The kata of a folder that holds nothing but this kata.toml."""
    (folder / "softmax").mkdir()
    (folder / "softmax" / "kata.toml").write_text(toml, encoding="utf-8")
    return read_kata(folder / "softmax")


def wrong(folder: Path, toml: str) -> str:
    """What is said of it."""
    with pytest.raises(KataError) as caught:
        kata(folder, toml)
    assert (caught.value.kata, caught.value.file) == ("softmax", "kata.toml")
    assert str(caught.value) == f"kata softmax: kata.toml: {caught.value.what}"
    return caught.value.what


# -- kata.toml -------------------------------------------------------------------------------------------------------


def test_the_least_kata_has_the_defaults(tmp_path: Path) -> None:
    read = kata(tmp_path, LEAST)
    assert (read.id, read.entry, read.level, read.title["zh"]) == ("softmax", "softmax", 2, "归一化指数")
    assert read.limits == LIMITS
    assert read.score == SCORE
    assert read.tolerance == 16.0
    assert read.dtypes == ("float64", "float32")
    assert (read.roles, read.fused, read.forbidden, read.axes) == ((), (), (), {})
    assert read.reference_source is None


def test_every_field_is_read(tmp_path: Path) -> None:
    read = kata(
        tmp_path,
        LEAST
        + """
answers = ["000#1"]
prerequisites = ["a"]
follow_ups = ["b"]
dtypes = ["bfloat16"]
forbidden = ["torch.softmax"]
torch = "torch.softmax"
fused = [["q", "k"]]
axes = {x = "B L"}
limits = {case_seconds = 2}
score = {correctness = 1}
tolerance = {factor = 4}
[weights.q]
aliases = ["w_q"]
bias_optional = true
[weights.k]
""",
    )
    assert read.roles == (Role("q", ("w_q",), bias_optional=True), Role("k"))
    assert read.fused == (("q", "k"),)
    assert read.limits == {**LIMITS, "case_seconds": 2}
    assert read.score == {"correctness": 1}
    assert read.tolerance == 4.0
    assert (read.answers, read.prerequisites, read.follow_ups) == (("000#1",), ("a",), ("b",))
    assert (read.dtypes, read.forbidden, read.torch, read.axes) == (
        ("bfloat16",),
        ("torch.softmax",),
        "torch.softmax",
        {"x": "B L"},
    )


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("level = 2", "level = ", "cannot be read"),
        ("level = 2", "level = 2\nlevel = 3", "cannot be read"),
        ("level = 2", "levle = 2", "has an unknown field `levle`; do you mean `level`?"),
        ("level = 2", "level = 2\nqqq = 1", "has an unknown field `qqq`"),
        ("level = 2", "", "lacks the field `level`"),
        ("level = 2", 'level = "2"', "field `level` must be a int, not '2'"),
        ("level = 2", "level = true", "field `level` must be a int, not True"),
        ("level = 2", "level = 0", "level must be 1 to 5, not 0"),
        ("level = 2", "level = 6", "level must be 1 to 5, not 6"),
        ("format = 1", f"format = {FORMAT + 1}", f"has format {FORMAT + 1}; this torchkata reads format {FORMAT}"),
        ('"code"', '"quiz"', "kind must be one of code, concept, not 'quiz'"),
        ('entry = "softmax"', "", "lacks the field `entry`"),
        (', zh = "归一化指数"', "", "title needs exactly en and zh"),
        ('zh = "归一化指数"', "zh = 3", "[title] must hold strings only"),
        ("level = 2", "level = 2\nlimits = {seconds = 5}", "[limits] has an unknown entry `seconds`"),
        ("level = 2", "level = 2\nlimits = {pids = -1}", "[limits] pids must be a number that is not negative, not -1"),
        ("level = 2", "level = 2\nscore = {speed = true}", "[score] speed must be a number"),
        ("level = 2", 'level = 2\ntolerance = {factor = "x"}', "[tolerance] factor must be a number"),
        ("level = 2", 'level = 2\ndtypes = ["int8"]', "dtypes holds 'int8'; known are float64"),
        ("level = 2", "level = 2\nanswers = [1]", "field `answers` must hold strings only"),
        ("level = 2", "level = 2\nforbidden = [[]]", "field `forbidden` must hold strings only"),
        ("level = 2", "level = 2\naxes = {x = 1}", "[axes] must hold strings only"),
        ("level = 2", "level = 2\nweights = {q = 1}", "[weights.q] may hold `aliases` and `bias_optional`"),
        ("level = 2", "level = 2\nweights = {q = {alias = []}}", "[weights.q] may hold `aliases`"),
        ("level = 2", 'level = 2\nweights = {q = {aliases = "w"}}', "[weights.q] aliases must be a list of strings"),
        ("level = 2", "level = 2\nweights = {q = {bias_optional = 1}}", "bias_optional true or false"),
        ("level = 2", 'level = 2\nfused = ["q"]', "fused must hold lists of names from [weights], not 'q'"),
        ("level = 2", 'level = 2\nfused = [["q"]]', "fused must hold lists of names from [weights], not ['q']"),
    ],
)
def test_a_broken_kata_toml_is_one_sentence(tmp_path: Path, old: str, new: str, what: str) -> None:
    assert LEAST.count(old) == 1
    assert what in wrong(tmp_path, LEAST.replace(old, new))


def test_a_kata_toml_that_is_not_utf8_or_not_there_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "softmax").mkdir()
    with pytest.raises(KataError, match="cannot be opened"):
        read_kata(tmp_path / "softmax")
    (tmp_path / "softmax" / "kata.toml").write_bytes(b"title = '\xff'")
    with pytest.raises(KataError, match="cannot be read"):
        read_kata(tmp_path / "softmax")


def test_a_concept_kata_needs_no_entry(tmp_path: Path) -> None:
    toml = LEAST.replace('entry = "softmax"', "").replace('"code"', '"concept"')
    assert kata(tmp_path, toml).entry == ""


# -- pages, mistakes, other files ------------------------------------------------------------------------------------


def test_pages_have_the_same_sections_in_both_languages(tmp_path: Path) -> None:
    read = read_kata(write_kata(tmp_path, "softmax"))
    for lang in ("en", "zh"):
        assert tuple(read.page(lang)) == SECTIONS["en"]
        assert read.page(lang)["Task"] == f"Task of softmax in {lang}"
        assert read.hints(lang) == ["first nudge", "second nudge", "third nudge"]


def test_a_page_without_a_section_or_with_an_empty_one_is_not_whole(tmp_path: Path) -> None:
    folder = write_kata(tmp_path, "softmax")
    page = folder / "page.zh.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("## 分析", "## 剖析"), encoding="utf-8")
    with pytest.raises(KataError, match=r"page\.zh\.md: lacks the section `## 分析`"):
        read_kata(folder).page("zh")
    page.write_text(text.replace("Analysis of softmax in zh", ""), encoding="utf-8")
    with pytest.raises(KataError, match="lacks the section `## 分析`"):
        read_kata(folder).page("zh")


def test_hints_are_three(tmp_path: Path) -> None:
    folder = write_kata(tmp_path, "softmax")
    page = folder / "page.en.md"
    page.write_text(page.read_text(encoding="utf-8").replace("3. third", "third"), encoding="utf-8")
    with pytest.raises(KataError, match="has 2 hints"):
        read_kata(folder).hints("en")


def test_a_missing_or_unreadable_file_names_itself(tmp_path: Path) -> None:
    folder = write_kata(tmp_path, "softmax")
    (folder / "page.en.md").unlink()
    (folder / "starter.py").write_bytes(b"# \xff")
    read = read_kata(folder)
    with pytest.raises(KataError, match=r"page\.en\.md: is missing"):
        read.page("en")
    with pytest.raises(KataError, match=r"starter\.py: is not UTF-8"):
        _ = read.starter
    with pytest.raises(KataError, match=r"cases\.py: is missing"):
        _ = read.cases_source


def mistake(folder: Path, content: bytes | str, name: str = "wrong") -> Path:
    (folder / "mistakes").mkdir(exist_ok=True)
    path = folder / "mistakes" / f"{name}.py"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_mistakes_carry_one_line_in_each_language(tmp_path: Path) -> None:
    folder = write_kata(tmp_path, "softmax")
    mistake(folder, '"""en: Over the\n    wrong axis: rows.\nzh: 轴错了。\n"""\n\ndef softmax(x): ...\n', "b")
    mistake(folder, '"""en: One.\nzh: 一。"""\n', "a")
    first, second = read_kata(folder).mistakes
    assert (first.id, first.text) == ("a", {"en": "One.", "zh": "一。"})
    assert second.text == {"en": "Over the wrong axis: rows.", "zh": "轴错了。"}
    assert second.path.name == "b.py"
    assert "def softmax" in second.source


@pytest.mark.parametrize(
    "content",
    ["", "x = 1\n", '"""en: only one"""', '"""zh: 一\nen: one"""', "'''en: a\nzh: b'''", b'"""en: \xff\nzh: b"""'],
)
def test_a_mistake_without_both_lines_names_its_file(tmp_path: Path, content: bytes | str) -> None:
    folder = write_kata(tmp_path, "softmax")
    mistake(folder, content)
    with pytest.raises(KataError) as caught:
        _ = read_kata(folder).mistakes
    assert caught.value.file == "mistakes/wrong.py"


def test_the_digest_follows_every_text_and_name(tmp_path: Path) -> None:
    folder = write_kata(tmp_path, "softmax")
    seen = {read_kata(folder).digest}
    for change in (
        lambda: (folder / "starter.py").write_text("def softmax(x): ...\n"),
        lambda: mistake(folder, "x"),
        lambda: (folder / "mistakes" / "wrong.py").rename(folder / "mistakes" / "other.py"),
        lambda: (folder / "page.zh.md").unlink(),
    ):
        change()
        seen.add(read_kata(folder).digest)
    assert len(seen) == 5
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "cases.pyc").write_bytes(b"x")
    assert read_kata(folder).digest in seen


def test_an_outside_kata_has_its_answer_beside_it(tmp_path: Path) -> None:
    folder = write_kata(tmp_path, "softmax")
    (folder / "reference.py").write_text("def softmax(x): return x\n")
    assert read_kata(folder).reference_source == folder / "reference.py"


# -- banks -----------------------------------------------------------------------------------------------------------


def test_a_bank_lists_its_katas_by_level_and_name(tmp_path: Path) -> None:
    for name, level in (("softmax", 3), ("attention", 3), ("zeros", 1)):
        write_kata(tmp_path, name, level=level)
    (tmp_path / "notes").mkdir()
    bank = Bank.open(tmp_path)
    assert bank.ids() == ["attention", "softmax", "zeros"]
    assert [read.id for read in bank.katas()] == ["zeros", "attention", "softmax"]


@pytest.mark.parametrize(
    "name", ["softmaxx", "../softmax", "Softmax", "soft max", "", "softmax/", "softmax\n", "_x", "a" * 65]
)
def test_an_unknown_kata_comes_with_the_nearest(tmp_path: Path, name: str) -> None:
    write_kata(tmp_path / "bank", "softmax")
    with pytest.raises(UnknownKata) as caught:
        Bank.open(tmp_path / "bank").kata(name)
    if name == "softmaxx":
        assert caught.value.nearest == ("softmax",)


def test_documents_are_read_or_none(tmp_path: Path) -> None:
    assert Bank.open(tmp_path).documents() == {}
    (tmp_path / "documents.toml").write_text(
        '["000#4"]\nkind = "code"\ntopic = {en = "heads", zh = "头"}\n', encoding="utf-8"
    )
    assert Bank.open(tmp_path).documents() == {"000#4": {"kind": "code", "topic": {"en": "heads", "zh": "头"}}}


def test_the_bank_that_comes_along_can_be_read_without_torch() -> None:
    code = "import sys; from katas.bank import Bank; Bank.open().katas(); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
