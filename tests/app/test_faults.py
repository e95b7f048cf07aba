"""The details of our own faults are kept where the sentence says."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.faults import KEPT, record


def fault() -> Exception:
    """An exception with a traceback."""
    try:
        raise ZeroDivisionError("of ours")
    except ZeroDivisionError as error:
        return error


def test_the_traceback_is_written_for_the_owner_only(tmp_path: Path) -> None:
    file = record(fault(), tmp_path / "data")
    assert file is not None
    assert file.is_relative_to(tmp_path / "data")
    assert "ZeroDivisionError: of ours" in file.read_text(encoding="utf-8")
    assert file.stat().st_mode & 0o077 == 0


def test_a_data_folder_that_cannot_be_had_is_no_second_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").write_text("a file, not a folder")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    file = record(fault(), tmp_path / "data")
    assert file is not None
    assert file.parent == tmp_path / "temporary"


def test_many_faults_in_a_second_are_all_kept_up_to_a_number(tmp_path: Path) -> None:
    files = [record(fault(), tmp_path) for _ in range(KEPT + 3)]
    assert len({file.parent for file in files if file is not None}) == 1
    assert len(set(files)) == KEPT + 3
    assert len(list((tmp_path / "faults").iterdir())) == KEPT


def test_nowhere_to_write_is_said_with_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").write_text("a file, not a folder")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "data"))
    assert record(fault(), tmp_path / "data") is None
