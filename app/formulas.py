"""TeX as MathML that a browser draws without a script: a few elements, a few attributes, everything else as text."""

from __future__ import annotations

from html import unescape
from xml.etree.ElementTree import Element, tostring

from latex2mathml.converter import convert_to_element
from markupsafe import escape

# What latex2mathml does not know, in words that it does.
TEX = ((r"\arg\max", r"\mathrm{arg\,max}\,"), (r"\arg\min", r"\mathrm{arg\,min}\,"), ("...", r"\ldots "))
SYMBOLS = "∞⊤…"  # that it takes for operators, with an operator's space around them
_ELEMENTS = """
    math mrow mi mn mo ms mspace mtext menclose merror mfrac mmultiscripts mover mpadded mphantom mroot mprescripts none
    msqrt mstyle msub msubsup msup mtable mtd mtr munder munderover"""
# `href` and `style` are left out on purpose: the first runs a script in some browsers, the second is against our policy.
_ATTRIBUTES = """
    xmlns display mathvariant stretchy fence form separator accent accentunder width height depth lspace rspace minsize
    maxsize movablelimits largeop symmetric columnalign columnspacing rowspacing columnlines rowlines linethickness
    displaystyle scriptlevel notation"""
ELEMENTS, ATTRIBUTES = frozenset(_ELEMENTS.split()), frozenset(_ATTRIBUTES.split())


def formula(tex: str, *, block: bool = False) -> str:
    """HTML of a formula; the TeX stays in `data-tex` for the front end. What cannot be converted is shown as it is written."""
    words = tex.strip()
    try:
        math = mathml(words, block=block)
    except Exception:  # noqa: BLE001 - foreign text in a library that raises what it likes
        math = f"<code>{escape(words)}</code>"
    if block:
        return f'<div class="math" data-tex="{escape(words)}" data-display tabindex="0">{math}</div>\n'
    return f'<span class="math" data-tex="{escape(words)}">{math}</span>'


def mathml(tex: str, *, block: bool = False) -> str:
    """A `math` element. Raises what the library raises, and ValueError for a command that it does not know."""
    for unknown, known in TEX:
        tex = tex.replace(unknown, known)
    root = convert_to_element(tex, display="block" if block else "inline")
    for element in root.iter():
        _clean(element)
    for element in root.iter():
        _join(element)
    return tostring(root, encoding="unicode")


def _clean(element: Element) -> None:
    """The library leaves entities in the text, for a string that it does not escape; we escape, and so they are resolved."""
    if element.tag not in ELEMENTS:
        raise ValueError(f"MathML element {element.tag}")
    element.text = unescape(element.text) if element.text else element.text
    if element.tag == "mo" and element.text in tuple(SYMBOLS):
        element.tag = "mi"
    if element.text and element.text.startswith("\\") and len(element.text) > 1:
        raise ValueError(f"TeX command {element.text}")
    for name in set(element.attrib) - ATTRIBUTES:
        del element.attrib[name]


def _join(element: Element) -> None:
    """The upright letters of a word, one identifier each, become one: `softmax`, which is also what is read aloud."""
    joined: list[Element] = []
    for child in element:
        if joined and _upright(child) and _upright(joined[-1]):
            joined[-1].text = f"{joined[-1].text}{child.text}"
        else:
            joined.append(child)
    element[:] = joined


def _upright(element: Element) -> bool:
    return element.tag == "mi" and element.get("mathvariant") == "normal"
