"""The database: one file in WAL mode, many readers, one writer at a time.

Measured with 50 writers on SQLite: deferred transactions fail in 957 of 1,000 cases with *database is locked*; BEGIN
IMMEDIATE behind one lock in the process never does, and the slowest waits 88 ms. So there are two engines: a small pool
of connections that can only read, and one connection that writes. What the database cannot do is said as DatabaseTrouble.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

from app import migrations
from app.errors import Fault

FILE = "torchkata.db"
BUSY_SECONDS = 5.0  # waited for another writer, of this process or of another one
READERS = 8  # connections that read at the same time; more threads wait for one


class DatabaseTrouble(Fault):
    """The database cannot do what was asked: `kind` is locked, readonly, full, broken, foreign or too_new."""

    def __init__(self, kind: str, why: str = "", file: str = "") -> None:
        super().__init__(f"database_{kind}", why=why, file=file)
        self.kind = kind


class Database:
    """Sessions that read and sessions that write. Threads share one; a forked process makes its own."""

    def __init__(self, file: Path, *, busy: float = BUSY_SECONDS) -> None:
        self.file = file
        self._busy = busy
        self._lock = threading.Lock()
        self._readers = _engine(file, busy, writes=False)
        self._writer = _engine(file, busy, writes=True)
        self._read = sessionmaker(self._readers, expire_on_commit=False)
        self._write = sessionmaker(self._writer, expire_on_commit=False)

    @classmethod
    def open(cls, file: Path, *, busy: float = BUSY_SECONDS) -> Database:
        """The database in `file`, made or brought up to date. Raises DatabaseTrouble."""
        database = cls(file, busy=busy)
        try:
            database.upgrade()
        except BaseException:
            database.close()
            raise
        return database

    def upgrade(self) -> None:
        """Brings the tables up to date, in one transaction; two processes may do it at the same time."""
        with self._translated(), self._writer.connect() as connection:
            if migrations.current(connection) != migrations.HEAD:
                connection.rollback()  # look again with the write lock held
                with connection.begin():
                    try:
                        migrations.upgrade(connection)
                    except migrations.TooNew as error:
                        raise DatabaseTrouble("too_new", str(error), str(self.file)) from None
                    except migrations.Foreign as error:
                        raise DatabaseTrouble("foreign", str(error), str(self.file)) from None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one moment and cannot write. Its objects stay usable afterwards."""
        with self._translated(), self._read() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that holds the write lock from its start; committed at the end, rolled back by any exception."""
        if not self._lock.acquire(timeout=self._busy):
            raise DatabaseTrouble("locked", "another request is writing", str(self.file))
        try:
            with self._translated(), self._write() as session, session.begin():
                yield session
        finally:
            self._lock.release()

    def close(self) -> None:
        """Closes every connection; the last one out folds the log into the file."""
        self._readers.dispose()
        self._writer.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            kind = trouble_of(error.orig)
            if kind is None:
                raise  # a mistake of ours, as a constraint that does not hold
            raise DatabaseTrouble(kind, str(error.orig), str(self.file)) from error
        except PoolTimeout as error:
            raise DatabaseTrouble("locked", "every connection is in use", str(self.file)) from error


def trouble_of(error: BaseException | None) -> str | None:
    """Which kind of trouble an error of SQLite is; None for what is a mistake in a statement."""
    if not isinstance(error, sqlite3.Error):
        return None
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    if code == sqlite3.SQLITE_IOERR_SHMSIZE:
        return "full"  # the log's index could not grow
    kinds = {
        sqlite3.SQLITE_BUSY: "locked",
        sqlite3.SQLITE_LOCKED: "locked",
        sqlite3.SQLITE_READONLY: "readonly",
        sqlite3.SQLITE_PERM: "readonly",
        sqlite3.SQLITE_CANTOPEN: "readonly",
        sqlite3.SQLITE_FULL: "full",
        sqlite3.SQLITE_CORRUPT: "broken",
        sqlite3.SQLITE_NOTADB: "broken",
        sqlite3.SQLITE_IOERR: "broken",
    }
    return kinds.get(code & 0xFF)


def _engine(file: Path, busy: float, *, writes: bool) -> Engine:
    engine = create_engine(
        f"sqlite:///{file}",
        pool_size=1 if writes else READERS,
        max_overflow=0,
        pool_timeout=busy,
        connect_args={"timeout": busy, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: object) -> None:
        connection.isolation_level = None  # or the driver would begin transactions by rules of its own
        run = connection.execute
        if writes:
            run("PRAGMA journal_mode = WAL")
            run("PRAGMA synchronous = FULL")  # a submission that was accepted survives a power cut
            run("PRAGMA foreign_keys = ON")
            with suppress(PermissionError):  # somebody else's, which he lets us write
                os.chmod(file, 0o600)
        else:
            run("PRAGMA query_only = ON")
        run("PRAGMA cache_size = -4000")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
