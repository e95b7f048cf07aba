"""Versions of the tables, by Alembic. A released revision is never edited; what changes gets a new one."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

FOLDER = Path(__file__).parent
HEAD = "0001"


class TooNew(Exception):
    """The tables were made by a newer torchkata; its revision is the message."""


class Foreign(Exception):
    """There are tables in the file, and they are not ours."""


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER))
    made.attributes["connection"] = connection
    return made


def current(connection: Connection) -> str | None:
    """The revision that the tables have; None where there are none."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Brings the tables to `revision` inside the connection's transaction. Raises TooNew or Foreign."""
    found = current(connection)
    known = {script.revision for script in ScriptDirectory(str(FOLDER)).walk_revisions()}
    if found is not None and found not in known:
        raise TooNew(found)
    if found is None and (tables := inspect(connection).get_table_names()):
        raise Foreign(", ".join(sorted(tables)[:5]))
    command.upgrade(config(connection), revision)
