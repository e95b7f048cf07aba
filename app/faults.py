"""Where the details of our own faults are kept: a person is told one sentence, and a maintainer gets the rest."""

from __future__ import annotations

import os
import platform
import secrets
import tempfile
import time
import traceback
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

KEPT = 50  # files


def record(error: BaseException, folder: Path | None) -> Path | None:
    """Writes the traceback into `folder`, else where temporary files go. None when neither can be written."""
    text = "\n".join(
        (
            f"torchkata {version('torchkata')}, Python {platform.python_version()}, {platform.platform()}",
            time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "".join(traceback.format_exception(error)),
        )
    )
    name = f"fault-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}-{secrets.token_hex(4)}.txt"
    for place in (*([folder / "faults"] if folder else []), Path(tempfile.gettempdir())):
        try:
            place.mkdir(parents=True, exist_ok=True)
            # O_EXCL: in a shared temporary folder the name could be somebody's link.
            with os.fdopen(os.open(place / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
                stream.write(text)
        except OSError:
            continue
        if folder is not None and place == folder / "faults":
            _tidy(place)
        return place / name
    return None


def _tidy(place: Path) -> None:
    """Keeps the newest: a fault that happens at every request must not fill the disk."""
    for file in sorted(place.glob("fault-*.txt"), reverse=True)[KEPT:]:  # their names begin with the time
        with suppress(OSError):  # somebody else tidies at the same time
            file.unlink()
