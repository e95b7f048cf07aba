"""Every sentence of the pages is there in Chinese, and nothing is there that no page says."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from app.i18n import FOLDER, catalogue, preferred, translate
from tests.journeys.conftest import ROOT

JINJA = {"trimmed": "true", "silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "marked": None, "translate": (2,)}


def said() -> Iterator[tuple[str, ...]]:
    """Every msgid of templates and code, with its plural where it has one."""
    for folder, method in (("templates", [("**.html", "jinja2")]), ("app", [("**.py", "python")])):
        options = {"**.html": JINJA}
        for found in extract_from_dir(ROOT / folder, method, options, keywords=KEYWORDS):
            message = found[2]
            yield message if isinstance(message, tuple) else (message,)


def chinese() -> Catalog:
    """The catalogue as it lies there."""
    with (FOLDER / "zh" / "LC_MESSAGES" / "messages.po").open("rb") as stream:
        return read_po(stream, locale="zh")


def _strings(message: Message) -> tuple[str, ...]:
    """What a message says in Chinese, empty where nobody has said it."""
    said_so = message.string
    return tuple(said_so) if isinstance(said_so, list | tuple) else (said_so or "",)


def test_every_sentence_is_translated_and_none_is_left_over() -> None:
    known = {
        message.id if isinstance(message.id, tuple) else (message.id,): message for message in chinese() if message.id
    }
    wanted = set(said())
    untranslated = [key for key in wanted if key not in known or not all(_strings(known[key]))]
    assert not untranslated, "no Chinese for:\n" + "\n".join(sorted(map(str, untranslated)))
    assert not known.keys() - wanted, f"no page says: {sorted(known.keys() - wanted)}"
    assert not any(message.fuzzy for message in known.values())


def test_placeholders_are_the_same_in_both_languages() -> None:
    for message in chinese():
        ids = message.id if isinstance(message.id, list | tuple) else (message.id,)
        strings = _strings(message)
        if not ids[0]:
            continue
        names = {name for text in ids for name in re.findall(r"\{(\w+)\}", text)}
        for text in strings:
            assert set(re.findall(r"\{(\w+)\}", text)) == names, message.id


def test_english_is_the_msgid_and_an_unknown_sentence_stays_as_it_is() -> None:
    assert translate("en", "Katas") == "Katas"
    assert translate("zh", "Katas") == "题目"
    assert translate("zh", "nobody has said this") == "nobody has said this"
    assert catalogue("zh").ngettext("{num} case", "{num} cases", 3) == "{num} 个用例"


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("fr, zh;q=0.5, en;q=0.4", "zh"),
        ("de, fr", "en"),
        ("zh;q=0, en", "en"),
        ("zh;q=x, en;q=0.1", "en"),
        ("zh-Hant-TW", "zh"),
        ("*", "en"),
    ],
)
def test_the_browser_is_asked_by_its_weights(header: str, lang: str) -> None:
    assert preferred(header) == lang
