"""Formulas: what is drawn, what is read aloud, and what never passes."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

import pytest

from app.formulas import ELEMENTS, formula, mathml


def test_a_formula_keeps_its_tex_and_says_whether_it_stands_alone() -> None:
    assert 'data-tex="a &lt; b"' in formula("a < b")
    assert formula("x^2").startswith('<span class="math" data-tex="x^2"><math')
    block = formula(" x^2\n", block=True)
    assert block.startswith('<div class="math" data-tex="x^2" data-display tabindex="0">')
    assert 'display="block"' in block


@pytest.mark.parametrize("tex", [r"\left(", "x_", "{", r"\begin{matrix}", r"\unheard x", "x^2^3"])
def test_what_cannot_be_converted_is_shown_as_it_is_written(tex: str) -> None:
    shown = formula(tex)
    assert f"<code>{tex}</code>" in shown
    assert "<math" not in shown


def test_a_word_in_upright_letters_is_one_identifier() -> None:
    assert '<mi mathvariant="normal">softmax</mi>' in mathml(r"\mathrm{softmax}(QK^\top)")
    assert mathml("QK").count("<mi>") == 2


def test_signs_are_characters_and_no_entities_of_entities() -> None:
    shown = mathml(r"a < b \leq \sqrt{d_k} \& c")
    assert "&lt;" in shown
    assert "≤" in shown
    assert "&amp;#" not in shown


@pytest.mark.parametrize(
    "tex",
    [
        r"\text{<img src=x onerror=alert(1)>}",
        r"\href{javascript:alert(1)}{x}",
        r"\href{https://example.org}{x}",
        r"\mathrm{</math><script>alert(1)</script>}",
        r'x" onmouseover="alert(1)',
        r"\text{&lt;script&gt;alert(1)&lt;/script&gt;}",
        r"\style{color:red}{x}",
    ],
)
def test_text_stays_text_and_links_and_styles_are_left_out(tex: str) -> None:
    shown = fromstring(formula(tex))  # well-formed: nothing in it ended an element or an attribute
    assert shown.attrib == {"class": "math", "data-tex": tex}
    for element in shown.iter():
        assert element.tag.removeprefix("{http://www.w3.org/1998/Math/MathML}") in ELEMENTS | {"span", "code"}
        assert not {"href", "style"} & set(element.attrib)


def test_a_symbol_has_no_space_of_an_operator_around_it() -> None:
    assert "<mi>∞</mi>" in mathml(r"-\infty")
    assert "<mo>∞</mo>" not in mathml(r"-\infty")
    assert "<mi>…</mi>" in mathml("(..., L)")
