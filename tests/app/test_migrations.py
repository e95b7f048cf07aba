"""Migrations: from nothing and from every released schema to the tables of app/models.py, with nothing lost."""

from __future__ import annotations

import multiprocessing
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from app import migrations
from app.db import Database, DatabaseTrouble
from app.models import Base, State
from app.people import LOCAL_PERSON
from app.submissions import find, history
from tests.conftest import ROOT

SCHEMAS = ROOT / "tests" / "app" / "schemas"
DUMPS = sorted(SCHEMAS.glob("*.sql"))


def restore(dump: Path, file: Path) -> None:
    """A database as a released version left it."""
    connection = sqlite3.connect(file)
    connection.executescript(dump.read_text(encoding="utf-8"))
    connection.close()


def differences(file: Path) -> list[object]:
    """What the models say otherwise than the tables."""
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, Base.metadata)
    engine.dispose()
    return list(found)


def rows(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """Everything in the tables that are named in the models."""
    connection = sqlite3.connect(file)
    found = {
        name: connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for name in Base.metadata.tables
    }
    connection.close()
    return found


def test_there_is_a_dump_of_every_released_schema() -> None:
    known = [script.revision for script in ScriptDirectory(str(migrations.FOLDER)).walk_revisions()]
    assert [dump.stem for dump in DUMPS] == sorted(known)
    assert known[0] == migrations.HEAD


def test_the_tables_after_all_migrations_are_those_of_the_models(db: Database) -> None:
    assert differences(db.file) == []


@pytest.mark.parametrize("dump", DUMPS, ids=[dump.stem for dump in DUMPS])
def test_a_released_schema_is_brought_up_to_date_with_its_data(dump: Path, tmp_path: Path) -> None:
    file = tmp_path / "torchkata.db"
    restore(dump, file)
    before = rows(file)
    assert all(before.values()), "the dump holds a row of every table"
    db = Database.open(file)
    assert differences(file) == []
    after = rows(file)
    assert {name: len(found) for name, found in after.items()} == {name: len(found) for name, found in before.items()}
    kept = find(db, LOCAL_PERSON, "0" * 32)
    assert (kept.code, kept.state, kept.score) == ("注意力 = '😀'\n", State.DONE, 87.5)
    assert len(history(db, LOCAL_PERSON)) == 1
    db.close()


def test_an_up_to_date_database_is_left_alone(db: Database) -> None:
    db.close()
    before = db.file.read_bytes()
    Database.open(db.file).close()
    assert db.file.read_bytes() == before


def test_a_newer_schema_is_refused_and_left_alone(db: Database) -> None:
    db.close()
    with sqlite3.connect(db.file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = rows(db.file)
    with pytest.raises(DatabaseTrouble, match="9999") as caught:
        Database.open(db.file)
    assert caught.value.kind == "too_new"
    assert rows(db.file) == before


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "theirs.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(DatabaseTrouble, match="theirs") as caught:
        Database.open(file)
    assert caught.value.kind == "foreign"
    with sqlite3.connect(file) as connection:
        names = connection.execute("SELECT name FROM sqlite_master").fetchall()
    connection.close()
    assert names == [("theirs",)]


def _open(file: Path) -> None:
    Database.open(file).close()


def test_processes_that_start_at_once_make_one_database(tmp_path: Path) -> None:
    file = tmp_path / "torchkata.db"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_open, args=(file,)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    assert differences(file) == []
