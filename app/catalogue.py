"""The list of katas as somebody looks for one: by words, track, level, kind, and where he stands."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from app.i18n import marked
from app.progress import Standing, Status
from katas.bank import Kata, KataError

# In the order in which one thing builds on another; a bank of one's own may have others, which come behind.
TRACKS = {
    "foundations": marked("Foundations"),
    "position": marked("Position"),
    "attention": marked("Attention"),
    "blocks": marked("Blocks"),
    "models": marked("Models"),
    "inference": marked("Inference"),
    "training": marked("Training"),
    "data": marked("Data"),
    "alignment": marked("Alignment"),
    "evaluation": marked("Evaluation"),
    "distributed": marked("Distributed"),
}
STATUSES = {
    Status.NEW: marked("Not begun"),
    Status.ATTEMPTED: marked("Attempted"),
    Status.GIVEN_UP: marked("Answer opened"),
    Status.SOLVED: marked("Solved"),
}
KINDS = {"code": marked("Code"), "concept": marked("Concept")}
LONGEST_QUERY = 200
_TEXTS: dict[str, tuple[Kata, str]] = {}  # by id, as long as the bank hands out the same kata


def ordered(katas: Iterable[Kata]) -> list[Kata]:
    """By track, level and name."""
    katas = list(katas)
    order = [*TRACKS, *sorted({kata.track for kata in katas} - TRACKS.keys())]
    return sorted(katas, key=lambda kata: (order.index(kata.track), kata.level, kata.id))


@dataclass(frozen=True)
class Wish:
    """What is looked for; an empty field asks for nothing."""

    q: str = ""
    track: str = ""
    level: str = ""
    status: str = ""
    kind: str = ""

    @property
    def any(self) -> bool:
        """Whether anything is asked for."""
        return any((self.q.strip(), self.track, self.level, self.status, self.kind))


@dataclass(frozen=True)
class Row:
    """A kata, and where somebody stands with it."""

    kata: Kata
    standing: Standing


def track_name(track: str) -> str:
    """The msgid of a track."""
    return TRACKS.get(track, track.replace("_", " ").capitalize())


def find(katas: Iterable[Kata], found: Mapping[str, Standing], wish: Wish) -> list[tuple[str, list[Row]]]:
    """Track -> its rows, by level; only what fits the wish."""
    words = _folded(wish.q[:LONGEST_QUERY]).split()
    rows = [Row(kata, found.get(kata.id, Standing(kata.id))) for kata in ordered(katas)]
    rows = [row for row in rows if _fits(row, wish) and _says(row.kata, words)]
    return [(track, list(some)) for track, some in groupby(rows, key=lambda row: row.kata.track)]


def _fits(row: Row, wish: Wish) -> bool:
    kata = row.kata
    return (
        wish.track in ("", kata.track)
        and wish.level in ("", str(kata.level))
        and wish.kind in ("", kata.kind)
        and wish.status in ("", row.standing.status)
    )


def _says(kata: Kata, words: list[str]) -> bool:
    return all(word in _text(kata) for word in words)


def _text(kata: Kata) -> str:
    """What a kata can be found by: its names, and what it asks, in both languages."""
    known = _TEXTS.get(kata.id)
    if known is None or known[0] is not kata:
        parts = [
            kata.id,
            kata.id.replace("_", " "),
            *kata.title.values(),
            kata.entry,
            kata.torch,
            track_name(kata.track),
        ]
        for lang in kata.title:
            try:
                page = kata.page(lang)
            except (KataError, OSError):
                continue  # its own page says what is wrong with it
            parts += [page.get("Question", ""), page.get("Task", "")]
        known = _TEXTS[kata.id] = (kata, _folded("\n".join(parts)))
    return known[1]


def _folded(text: str) -> str:
    """Without the difference between capitals and small letters, and between wide and narrow ones."""
    return unicodedata.normalize("NFKC", text).casefold()
