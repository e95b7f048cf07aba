"""Keys: made once, kept, and replaced by the operator's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.db import Database
from app.keys import FORMS, key


def test_a_key_is_made_once_and_is_another_one_elsewhere(db: Database, tmp_path: Path) -> None:
    made = key(db, FORMS)
    assert len(made) == 32
    assert key(db, FORMS) == made
    other = Database.open(tmp_path / "other.db")
    assert key(other, FORMS) != made
    other.close()


def test_twenty_who_ask_first_at_the_same_time_get_the_same_key(db: Database) -> None:
    with ThreadPoolExecutor(20) as threads:
        assert len(set(threads.map(lambda _: key(db, FORMS), range(20)))) == 1


def test_the_operators_key_wins_and_is_not_stored(db: Database) -> None:
    assert key(db, FORMS, "given") == b"given"
    assert key(db, FORMS) != b"given"
