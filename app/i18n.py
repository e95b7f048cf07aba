"""The pages' two languages. A msgid is the English sentence; the catalogue holds the Chinese one, read at its first use."""

from __future__ import annotations

from functools import cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

LANGUAGES = ("en", "zh")
FOLDER = Path(__file__).parent.parent / "templates" / "locale"


@cache
def catalogue(lang: str) -> NullTranslations:
    """gettext and ngettext of a language; of English, and of what nobody has translated, the msgid itself."""
    file = FOLDER / lang / "LC_MESSAGES" / "messages.po"
    if not file.is_file():
        return NullTranslations()
    compiled = BytesIO()
    with file.open("rb") as stream:
        write_mo(compiled, read_po(stream, locale=lang))
    compiled.seek(0)
    return Translations(compiled)


def translate(lang: str, sentence: str) -> str:
    """A sentence in `lang`, for code; in templates it is `_`."""
    return catalogue(lang).gettext(sentence)


def marked(sentence: str) -> str:
    """Marks a sentence for the catalogue where it is written down, to be translated where it is shown."""
    return sentence


def preferred(accept_language: str) -> str:
    """The first of our languages that the browser asks for, by its weights; English when it asks for none."""
    best, weight = "en", 0.0
    for part in accept_language.split(","):
        tag, _, rest = part.strip().partition(";")
        try:
            q = float(rest.strip().removeprefix("q=")) if rest else 1.0
        except ValueError:
            continue
        lang = tag.strip().lower().split("-")[0]
        if lang in LANGUAGES and q > weight:
            best, weight = lang, q
    return best
