"""The data folder: made at the first use, for its owner alone."""

from __future__ import annotations

import os
from pathlib import Path

from app.errors import UsageError


def prepare(folder: Path) -> None:
    """Makes the folder where it is missing, and finds out whether it can be written. Raises UsageError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        os.close(
            os.open(probe, os.O_WRONLY | os.O_CREAT, 0o600)
        )  # asked of the file system: root passes every os.access
        probe.unlink()
    except OSError as error:
        raise UsageError("data_unwritable", folder=str(folder), why=error.strerror or str(error)) from None
