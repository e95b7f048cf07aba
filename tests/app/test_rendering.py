"""Markdown becomes safe HTML, formulas become MathML, and every page of the bank can be shown."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from app.rendering import Renderer, code, html, inline, names_of
from katas.bank import Bank, Kata, KataError
from tests.app.banks import write_kata

BANK = Bank.open()
LANGS = ("en", "zh")


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", BANK.ids())
def test_every_page_of_the_bank_is_shown_with_all_its_formulas(name: str, lang: str) -> None:
    page = Renderer().page(BANK.kata(name), lang)
    whole = "".join([*page.sections.values(), *page.hints])
    formulas = re.findall(r'<(?:span|div) class="math" data-tex="[^"]*"[^>]*>(.*?)</(?:span|div)>', whole, re.DOTALL)
    assert whole.count('class="math"') == len(formulas)
    assert all(math.startswith("<math") for math in formulas), "a formula that does not become MathML is shown as TeX"
    # What latex2mathml does not know stays in it as text with a backslash.
    assert not [math for math in formulas if "\\" in re.sub(r"<annotation.*?</annotation>", "", math)]
    assert not re.search(r"(?<!\\)\$[^$<]+\$", re.sub(r"<pre.*?</pre>|<code>.*?</code>", "", whole, flags=re.DOTALL))


@pytest.mark.parametrize("name", BANK.ids())
def test_both_languages_show_the_same_formulas_code_and_tables(name: str) -> None:
    english, chinese = (Renderer().page(BANK.kata(name), lang) for lang in LANGS)
    for section in ("Task", "Answer"):
        for mark in ("<table", '<pre class="code"'):
            counts = [page.sections.get(section, "").count(mark) for page in (english, chinese)]
            assert counts[0] == counts[1], (section, mark, counts)
    assert len(english.hints) == len(chinese.hints) == 3


def test_headings_of_a_section_begin_below_those_of_the_page() -> None:
    for name in BANK.ids():
        for lang in LANGS:
            for section in Renderer().page(BANK.kata(name), lang).sections.values():
                assert not re.search(r"<h[12]", section)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "before <img src=x onerror=alert(1)> after",
        "[here](javascript:alert(1))",
        "![x](data:text/html,<script>alert(1)</script>)",
        "```html\n<script>alert(1)</script>\n```",
        '``` "><script>alert(1)</script>\nx\n```',
        "$<script>alert(1)</script>$",
        r"$\text{<img src=x onerror=alert(1)>}$",
        r'$\href{javascript:alert(1)}{x} " onmouseover="alert(1)$',
        "| a |\n|---|\n| <script>alert(1)</script> |",
    ],
)
def test_no_foreign_markup_passes(text: str) -> None:
    for shown in (str(html(text)), str(inline(text))):
        tags = re.findall(r"<[^>]*>", shown)
        assert not [
            tag for tag in tags if re.match(r"<(script|img|style|iframe|object)\b", tag) and "alt=" not in tag
        ], shown
        names = [name for tag in tags for name in re.findall(r"\s([\w-]+)=", re.sub(r'"[^"]*"', '""', tag))]
        assert not [name for name in names if name.startswith("on") or name == "style"], shown
        assert not re.search(r'(href|src)="(javascript|data:text)', shown), shown


def test_a_dollar_sign_beside_a_number_is_money_and_no_formula() -> None:
    assert "<math" not in html("It costs $5 and then $6 more.")
    assert "<math" in html("the scale is $\\sqrt{d}$ here")


def test_code_and_tables_can_be_scrolled_by_keys() -> None:
    assert '<pre class="code" tabindex="0"><code>' in html("```python\nimport torch\n```")
    assert '<div class="wide" tabindex="0"><table>' in html("| a | b |\n|---|---|\n| 1 | 2 |")


def test_code_is_coloured_by_classes_alone_and_an_unknown_language_is_plain() -> None:
    assert '<span class="k">def</span>' in code("def f(): ...\n")
    assert "style=" not in code("def f(): ...\n")
    assert "&lt;b&gt;" in code("<b>\n", "no_such_language")


def test_code_keeps_its_first_blank_lines() -> None:
    assert "<code>\n\nx" in re.sub(r"</?span[^>]*>", "", code("\n\nx\n"))


def test_a_page_is_kept_until_a_file_of_its_kata_changes(tmp_path: Path) -> None:
    write_kata(tmp_path, "layer_norm")
    folder = tmp_path / "layer_norm"
    kata = Bank(tmp_path).kata("layer_norm")
    shutil.copy(BANK.root / "layer_norm" / "kata.toml", folder / "kata.toml")
    kata = Bank(tmp_path).kata("layer_norm")
    renderer = Renderer()
    page = renderer.page(kata, "en")
    assert renderer.page(Bank(tmp_path).kata("layer_norm"), "en") is page
    text = (folder / "page.en.md").read_text(encoding="utf-8")
    (folder / "page.en.md").write_text(text.replace("Question of", "A new question of"), encoding="utf-8")
    changed = renderer.page(Bank(tmp_path).kata("layer_norm"), "en")
    assert "A new question of" in changed.sections["Question"]


def test_the_editor_completes_the_names_of_a_kata() -> None:
    names = names_of(BANK.kata("multi_head_attention"))
    assert names[0] == "MultiHeadAttention"
    assert {"query", "key_padding_mask", "d_model", "num_heads", "forward", "q_proj"} <= set(names)
    assert "self" not in names
    assert "__init__" not in names
    assert names_of(BANK.kata("mha_what")) == ()


def test_a_starter_that_does_not_parse_still_gives_the_entry(tmp_path: Path) -> None:
    write_kata(tmp_path, "broken")
    (tmp_path / "broken" / "starter.py").write_text("def broken(:\n", encoding="utf-8")
    kata: Kata = Bank(tmp_path).kata("broken")
    assert names_of(kata) == ("broken",)


def test_a_picture_stands_where_the_page_asks_for_it_and_an_unknown_one_is_the_authors_mistake(tmp_path: Path) -> None:
    page = Renderer().page(BANK.kata("attention_complexity"), "zh").sections["Answer"]
    assert page.count('<svg class="chart"') == 2
    assert "```" not in page
    folder = write_kata(tmp_path, "mine")
    for lang in LANGS:
        text = (folder / f"page.{lang}.md").read_text(encoding="utf-8")
        heading = "## Answer" if lang == "en" else "## 答案"
        shown = text.replace(heading, f"{heading}\n\n```picture nowhere\nSaid.\n```\n", 1)
        (folder / f"page.{lang}.md").write_text(shown, encoding="utf-8")
        with pytest.raises(
            KataError, match=r"page\.(en|zh)\.md: shows a picture `nowhere` that is not in pictures.toml"
        ):
            Renderer().page(Bank.open(tmp_path).kata("mine"), lang)


def test_a_line_that_ends_is_a_space_but_not_between_two_chinese_characters() -> None:
    assert html("它的输出\n要用到") == "<p>它的输出要用到</p>\n"
    assert html("two\nwords") == "<p>two\nwords</p>\n"
    assert html("掩码\nmask") == "<p>掩码\nmask</p>\n"
