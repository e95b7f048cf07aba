"""Markdown of kata pages and quizzes as HTML: no raw HTML passes, formulas become MathML, code is coloured by CSS classes."""

from __future__ import annotations

import ast
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from app.figures import figure
from app.formulas import formula
from katas.answer import answer_source
from katas.bank import Kata, KataError
from katas.pictures import Growth, Heat, read_pictures

KEPT = 512  # rendered pages, of every kata in both languages


def code(text: str, language: str = "python") -> Markup:
    """A block of code. It may be wider than the page, so it can be focused and scrolled by keys."""
    try:
        lexer = get_lexer_by_name(language or "text", stripnl=False)
    except ClassNotFound:
        lexer = get_lexer_by_name("text", stripnl=False)
    inner = highlight(text, lexer, HtmlFormatter(nowrap=True))
    return Markup('<pre class="code" tabindex="0"><code>{}</code></pre>\n').format(Markup(inner))


class UnknownPicture(LookupError):
    """A page shows a picture that pictures.toml does not have."""


def _fence(self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    token = tokens[index]
    kind, _, name = token.info.strip().partition(" ")
    if kind == "picture" and "lang" in env:
        picture = env["pictures"].get(name.strip())
        if picture is None:
            raise UnknownPicture(name.strip())
        return str(figure(picture, inline(token.content), env["lang"]))
    return str(code(token.content, token.info.strip().split(" ")[0] if token.info else ""))


def _table_open(self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    return '<div class="wide" tabindex="0"><table>\n'


def _table_close(self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    return "</table></div>\n"


def _soft_break(self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    """A line that ends is a space, but not between two Chinese characters."""
    before, after = (tokens[at].content if 0 <= at < len(tokens) else "" for at in (index - 1, index + 1))
    return "" if before and after and not (before[-1].isascii() or after[0].isascii()) else "\n"


def _markdown() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False}).enable("table")
    parser.use(
        dollarmath_plugin,
        allow_space=False,
        allow_digits=False,
        double_inline=True,
        renderer=lambda content, options: formula(content, block=bool(options.get("display_mode"))),
    )
    for name, rule in (
        ("fence", _fence),
        ("softbreak", _soft_break),
        ("table_open", _table_open),
        ("table_close", _table_close),
    ):
        parser.add_render_rule(name, rule)
    for name, block in (("math_inline", False), ("math_block", True), ("math_inline_double", True)):
        parser.add_render_rule(name, _math_rule(block))
    return parser


def _math_rule(block: bool) -> Callable[..., str]:
    def rule(self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
        return formula(tokens[index].content, block=block)

    return rule


_PARSER = _markdown()


def html(text: str, pictures: dict[str, Heat | Growth] | None = None, lang: str = "en") -> Markup:
    """Markdown as HTML, safe to put into a page; headings begin at the third level, below those of the page.

    A block ```` ```picture NAME ```` becomes the picture of that name, with what stands in the block as its caption.
    Raises UnknownPicture.
    """
    tokens = _PARSER.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, max(3, int(token.tag[1:])))}"
    env = {} if pictures is None else {"pictures": pictures, "lang": lang}
    return Markup(_PARSER.renderer.render(tokens, _PARSER.options, env))


@lru_cache(maxsize=4096)
def inline(text: str) -> Markup:
    """One line of Markdown, without a paragraph around it: a choice of a quiz, a title."""
    return Markup(_PARSER.renderInline(" ".join(text.split())))


@dataclass(frozen=True)
class Page:
    """A kata's page in one language."""

    sections: dict[str, Markup]  # by the English names
    hints: tuple[Markup, ...]
    heat: bool  # it has a heat map, for which a style sheet and a script are wanted
    names: tuple[str, ...]  # worth completing in the editor


@dataclass
class Renderer:
    """Renders each kata once, and again when a file of it has changed."""

    _pages: OrderedDict[tuple[str, str], Page] = field(default_factory=OrderedDict)
    _sources: OrderedDict[str, Markup] = field(default_factory=OrderedDict)

    def page(self, kata: Kata, lang: str) -> Page:
        """The page, kept by the kata's digest. Raises KataError where the kata is broken."""
        key = (kata.digest, lang)
        known = self._pages.get(key)
        if known is None:
            pictures = read_pictures(kata)
            try:
                sections = {
                    name: html(text, pictures, lang) for name, text in kata.page(lang).items() if name != "Hints"
                }
            except UnknownPicture as error:
                raise KataError(
                    kata.id, f"page.{lang}.md", f"shows a picture `{error}` that is not in pictures.toml"
                ) from None
            known = Page(
                sections=sections,
                heat=any(isinstance(picture, Heat) for picture in pictures.values()),
                hints=tuple(html(text) for text in kata.hints(lang)),
                names=names_of(kata),
            )
            self._pages[key] = known
            while len(self._pages) > KEPT:
                self._pages.popitem(last=False)
        return known

    def source(self, kata: Kata) -> Markup | None:
        """The reference, None for a concept kata; apart from the page, which is there when it is not. Raises KataError."""
        if kata.kind != "code":
            return None
        known = self._sources.get(kata.digest)
        if known is None:
            known = self._sources[kata.digest] = code(answer_source(kata))
            while len(self._sources) > KEPT:
                self._sources.popitem(last=False)
        return known


def names_of(kata: Kata) -> tuple[str, ...]:
    """What the editor completes for a kata: its entry, arguments, roles of parameters, axes."""
    if kata.kind != "code":
        return ()
    found = dict.fromkeys([kata.entry])
    try:
        tree = ast.parse(kata.starter)
    except SyntaxError:
        return tuple(found)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("__"):
            found[node.name] = None
        elif isinstance(node, ast.arg) and node.arg != "self":
            found[node.arg] = None
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            found[node.attr] = None
    for role in kata.roles:
        found[role.base] = None
    return tuple(name for name in found if re.fullmatch(r"\w+", name))
