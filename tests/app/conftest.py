"""A database and a web application of the test's own, and the kata that is cheapest to grade."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.db import Database
from katas.answer import answer_source
from katas.bank import Bank, Kata
from tests.app.webs import Web, a_web


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """An empty database, up to date."""
    opened = Database.open(tmp_path / "torchkata.db")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def kata() -> Kata:
    """A code kata."""
    return Bank.open().kata("masked_softmax")


@pytest.fixture(scope="session")
def answer(kata: Kata) -> bytes:
    """A submission that passes it."""
    return answer_source(kata).encode()


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """The web application on an empty data folder, without a worker."""
    with a_web(tmp_path / "data") as made:
        yield made
