"""What is handed over, and where it cannot be; the commands around it are in test_cli.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.delivery import check_output, deliver, reason
from app.errors import UsageError


def test_a_place_that_cannot_be_written_is_found_before_the_work(tmp_path: Path) -> None:
    check_output(None)
    check_output("-")
    check_output(str(tmp_path / "report.json"))
    for place in (tmp_path, tmp_path / "nowhere" / "report.json"):
        with pytest.raises(UsageError):
            check_output(str(place))


def test_an_array_of_no_reports_is_still_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deliver([], True, None, False, "en")
    assert capsys.readouterr().out == ""
    deliver([], True, str(tmp_path / "out.json"), True, "en")
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8")) == []


def test_a_reason_is_the_systems_or_the_errors_own() -> None:
    assert reason(PermissionError(13, "Permission denied")) == "Permission denied"
    assert reason(ValueError("embedded null byte")) == "embedded null byte"
