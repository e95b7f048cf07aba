"""`requeue`: what ended in our own fault is queued once more, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import queue
from app.cli import main
from app.db import Database
from app.models import State
from app.people import LOCAL_PERSON
from app.queue import Ended
from app.submissions import accept, find
from katas.bank import Kata

Captured = pytest.CaptureFixture[str]


def ended(db: Database, kata: Kata, state: State) -> str:
    name = accept(db, LOCAL_PERSON, kata, f"x = '{state}'".encode()).id
    row = queue.claim(db)
    assert row is not None
    assert queue.finish(db, name, row.token or "", Ended(state))
    return name


def test_a_fault_is_queued_again_with_all_its_attempts(db: Database, kata: Kata, capsys: Captured) -> None:
    name = ended(db, kata, State.FAULT)
    assert main(["requeue", name, "--data", str(db.file.parent)]) == 0
    assert capsys.readouterr().out == f"{name} is queued again.\n"
    row = find(db, LOCAL_PERSON, name)
    assert (row.state, row.attempt, row.finished) == (State.QUEUED, 0, None)


def test_nothing_else_is_queued_again(db: Database, kata: Kata, capsys: Captured) -> None:
    done = ended(db, kata, State.DONE)
    for name in (done, "0" * 32, "\x1b[31m"):
        assert main(["requeue", name, "--data", str(db.file.parent)]) == 2
        told = capsys.readouterr().err
        assert "ended in a fault" in told
        assert "\x1b" not in told
    assert find(db, LOCAL_PERSON, done).state == State.DONE


def test_a_folder_without_a_database_is_left_without(tmp_path: Path, capsys: Captured) -> None:
    assert main(["requeue", "x", "--data", str(tmp_path), "--lang", "zh"]) == 2
    assert "没有因系统故障" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
