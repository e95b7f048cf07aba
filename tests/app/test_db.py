"""The database: who may read and write when, and what is said when it cannot."""

from __future__ import annotations

import os
import shlex
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from app.db import Database, DatabaseTrouble
from app.messages import TABLE
from app.models import Event, Preference
from app.people import LOCAL_PERSON
from app.submissions import accept
from katas.bank import Kata
from tests.app.disks import little_disk, needs_root, read_only
from tests.conftest import ROOT


def add_event(db: Database, kind: str = "hint", payload: str = "") -> None:
    with db.writing() as session:
        session.add(Event(kind=kind, at=time.time(), payload={"text": payload}))


def count(db: Database) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(Event)) or 0


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another process's write transaction, in effect."""
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.rollback()
        other.close()


def test_a_database_is_for_its_owner_alone(db: Database) -> None:
    assert stat.S_IMODE(db.file.stat().st_mode) == 0o600


def test_the_log_is_written_ahead_and_to_the_disk_before_an_answer(db: Database) -> None:
    with db.writing() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA synchronous")) == 2


def test_what_is_written_is_there_afterwards_also_for_another_process(db: Database) -> None:
    add_event(db)
    with sqlite3.connect(db.file) as other:
        assert other.execute("SELECT count(*) FROM events").fetchone() == (1,)
    other.close()


def write_and_fail(db: Database) -> None:
    with db.writing() as session:
        session.add(Event(kind="hint", at=0.0))
        session.flush()
        raise ZeroDivisionError


def test_an_exception_takes_everything_back(db: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        write_and_fail(db)
    assert count(db) == 0
    add_event(db)  # and the lock is free again


def test_who_reads_cannot_write(db: Database) -> None:
    with pytest.raises(DatabaseTrouble) as caught, db.reading() as session:
        session.execute(text("DELETE FROM events"))
    assert caught.value.kind == "readonly"


def test_a_mistake_of_ours_is_no_trouble_of_the_database(db: Database) -> None:
    with db.writing() as session:
        session.add(Event(kind="hint", at=0.0, form_key="same"))
    with pytest.raises(Exception, match="UNIQUE"), db.writing() as session:
        session.add(Event(kind="hint", at=0.0, form_key="same"))


def test_readers_go_on_while_somebody_writes(db: Database) -> None:
    with db.writing() as session:
        session.add(Event(kind="hint", at=0.0))
        session.flush()
        assert count(db) == 0


def test_fifty_writers_at_once_all_succeed(db: Database) -> None:
    start = threading.Barrier(50)

    def write(number: int) -> None:
        start.wait()
        for _ in range(4):
            add_event(db)

    with ThreadPoolExecutor(50) as threads:
        list(threads.map(write, range(50)))
    assert count(db) == 200


def test_a_lock_held_by_another_process_is_said_as_such_and_nothing_is_written(db: Database) -> None:
    impatient = Database(db.file, busy=0.05)
    with locked(db.file), pytest.raises(DatabaseTrouble) as caught:
        add_event(impatient)
    assert caught.value.kind == "locked"
    add_event(impatient)
    assert count(db) == 1
    impatient.close()


def test_a_lock_held_by_another_thread_is_said_as_such(db: Database) -> None:
    impatient = Database(db.file, busy=0.05)
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with impatient.writing():
            entered.set()
            leave.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    entered.wait()
    with pytest.raises(DatabaseTrouble) as caught:
        add_event(impatient)
    leave.set()
    holder.join()
    assert caught.value.kind == "locked"
    impatient.close()


def test_more_readers_than_connections_wait_for_one_another(db: Database) -> None:
    with ThreadPoolExecutor(40) as threads:
        assert set(threads.map(lambda _: count(db), range(200))) == {0}


@pytest.mark.parametrize("content", [b"not a database" * 100, b"\x00" * 5000])
def test_a_file_that_is_no_database_is_said_as_such(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "torchkata.db"
    file.write_bytes(content)
    with pytest.raises(DatabaseTrouble) as caught:
        Database.open(file)
    assert caught.value.kind == "broken"
    assert file.read_bytes() == content


def test_a_damaged_database_is_said_as_such(db: Database) -> None:
    for number in range(200):
        add_event(db, payload=str(number) * 200)
    db.close()
    data = bytearray(db.file.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    db.file.write_bytes(data)
    with pytest.raises(DatabaseTrouble) as caught:
        Database.open(db.file)
    assert caught.value.kind == "broken"


def test_a_folder_in_place_of_the_file_is_said_as_such(tmp_path: Path) -> None:
    (tmp_path / "torchkata.db").mkdir()
    with pytest.raises(DatabaseTrouble) as caught:
        Database.open(tmp_path / "torchkata.db")
    assert caught.value.kind == "readonly"


@needs_root
def test_a_read_only_disk_is_said_as_such(tmp_path: Path) -> None:
    with little_disk(tmp_path / "disk") as disk:
        Database.open(disk / "torchkata.db").close()
        with read_only(disk), pytest.raises(DatabaseTrouble) as caught:
            add_event(Database(disk / "torchkata.db"))
        assert caught.value.kind == "readonly"
        db = Database.open(disk / "torchkata.db")
        add_event(db)
        assert count(db) == 1
        db.close()


def fill(db: Database, kata: Kata, kept: list[str]) -> None:
    for _ in range(200):
        kept.append(accept(db, LOCAL_PERSON, kata, b"x = 1\n" * 5000).id)


@needs_root
def test_a_full_disk_is_said_as_such_and_what_was_kept_stays(tmp_path: Path, kata: Kata) -> None:
    with little_disk(tmp_path / "disk") as disk:
        db = Database.open(disk / "torchkata.db")
        kept: list[str] = []
        with pytest.raises(DatabaseTrouble) as caught:
            fill(db, kata, kept)
        assert caught.value.kind == "full"
        with db.reading() as session:
            assert session.scalar(text("SELECT count(*) FROM submissions")) == len(kept)
            assert session.scalar(text("PRAGMA integrity_check")) == "ok"
        db.close()


@needs_root
def test_a_database_of_another_user_who_lets_us_write_is_used(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:  # a path that anybody may walk
        os.chmod(folder, 0o777)
        file = Path(folder, "torchkata.db")
        Database.open(file).close()
        file.chmod(0o666)
        script = (
            "import os, sys; from pathlib import Path; from app.db import Database; from app.models import Preference\n"
            "Database.open(Path(sys.argv[1])).close()\n"  # what is imported late is imported now
            "os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)\n"
            "db = Database.open(Path(sys.argv[2]))\n"
            "with db.writing() as session: session.add(Preference(holder='local', values={}))\n"
        )
        subprocess.run([sys.executable, "-c", script, str(tmp_path / "own.db"), str(file)], cwd=ROOT, check=True)


def test_each_trouble_has_its_sentence() -> None:
    for kind in ("locked", "readonly", "full", "broken", "foreign", "too_new"):
        assert f"database_{kind}" in TABLE
        assert DatabaseTrouble(kind, "why", "file").text("zh") != DatabaseTrouble(kind, "why", "file").text("en")


def test_objects_stay_usable_after_their_session(db: Database) -> None:
    with db.writing() as session:
        session.add(Preference(holder="local", values={"lang": "zh"}))
    with db.reading() as session:
        row = session.get(Preference, "local")
    assert row is not None
    assert row.values == {"lang": "zh"}


@pytest.mark.parametrize("page", ["deploy.md", "deploy.zh.md"])
def test_the_backup_that_the_docs_show_is_whole_while_others_write(db: Database, kata: Kata, page: str) -> None:
    line = next(line for line in (ROOT / "docs" / page).read_text().splitlines() if "VACUUM INTO" in line)
    before = [accept(db, LOCAL_PERSON, kata, b"x = %d" % number).id for number in range(20)]
    enough = threading.Event()

    def write() -> None:
        for number in range(200):
            accept(db, LOCAL_PERSON, kata, b"y = %d" % number)
            if enough.is_set():
                return

    writing = threading.Thread(target=write)
    writing.start()
    try:
        _, *arguments = shlex.split(line)
        subprocess.run([sys.executable, *arguments], cwd=db.file.parent, check=True)
    finally:
        enough.set()
        writing.join()
    copy = Database.open(db.file.with_name("copy.db"))
    with copy.reading() as session:
        assert session.scalar(text("PRAGMA integrity_check")) == "ok"
        assert set(before) <= set(session.scalars(text("SELECT id FROM submissions")))
    copy.close()
