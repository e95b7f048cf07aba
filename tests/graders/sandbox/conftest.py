"""A lane of the shared sandbox, and small sandboxes of one's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from graders.sandbox import Lane, Sandbox


@pytest.fixture
def lane(sandbox: Sandbox) -> Iterator[Lane]:
    """A lane that is closed afterwards."""
    opened = sandbox.lane()
    yield opened
    opened.close()
