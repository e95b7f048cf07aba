"""The data folder: private, and refused in one sentence when it cannot be had."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from app.errors import UsageError
from app.folder import prepare
from tests.app.disks import little_disk, needs_root, read_only


def test_a_new_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    prepare(tmp_path / "a" / "data")
    assert stat.S_IMODE((tmp_path / "a" / "data").stat().st_mode) == 0o700
    assert list((tmp_path / "a" / "data").iterdir()) == []


def test_a_folder_that_exists_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    prepare(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    for folder in (tmp_path / "data", tmp_path / "data" / "below"):
        with pytest.raises(UsageError, match="data folder"):
            prepare(folder)


@needs_root
def test_a_read_only_disk_is_refused(tmp_path: Path) -> None:
    with little_disk(tmp_path / "disk") as disk, read_only(disk):
        with pytest.raises(UsageError, match="Read-only"):
            prepare(disk)
        with pytest.raises(UsageError, match="Read-only"):
            prepare(disk / "data")
