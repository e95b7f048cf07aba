"""One sandbox and one grader for all tests of this folder that grade."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from graders.sandbox import Isolation, Sandbox
from katas.bank import Bank


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """A full sandbox; below that level the tests fail, since CI's machine can do it."""
    with Sandbox.start(Isolation.FULL) as started:
        yield started


@pytest.fixture(scope="session")
def grader(sandbox: Sandbox) -> Iterator[object]:
    """A grader over the shared sandbox."""
    from graders.grade import Grader

    with Grader(sandbox) as made:
        yield made


@pytest.fixture(scope="session")
def bank() -> Bank:
    """The bank that torchkata brings along."""
    return Bank.open()
