"""The grader that proves katas."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from graders.sandbox import Isolation, Sandbox


@pytest.fixture(scope="session")
def grader() -> Iterator[object]:
    """A grader over a full sandbox of its own."""
    with Sandbox.start(Isolation.FULL) as sandbox:
        from graders.grade import Grader

        with Grader(sandbox) as made:
            yield made
