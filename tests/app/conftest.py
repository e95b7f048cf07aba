"""What the tests of the web stand on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.webs import Web, a_web


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """The web application on an empty data folder, without a worker."""
    with a_web(tmp_path / "data") as made:
        yield made
