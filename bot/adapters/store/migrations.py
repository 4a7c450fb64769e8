"""How a database file comes to the newest schema, and which files are refused. Each version's tables stand in
a module of its own."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from bot.adapters.store import schema, version_1, version_2, version_3, version_4
from bot.adapters.store.connection import connect, create_private
from bot.adapters.store.failures import translated
from bot.adapters.store.lockfile import LockFile
from bot.domain.errors import StoreBrokenError

MIGRATIONS = Migrations("imagebot")


@MIGRATIONS(name="version_1")
def _version_1(db: Database) -> None:
    for statement in version_1.STATEMENTS:
        db.execute(statement)


@MIGRATIONS(name="version_2")
def _version_2(db: Database) -> None:
    for statement in version_2.STATEMENTS:
        db.execute(statement)


@MIGRATIONS(name="version_3")
def _version_3(db: Database) -> None:
    for statement in version_3.STATEMENTS:
        db.execute(statement)


@MIGRATIONS(name="version_4")
def _version_4(db: Database) -> None:
    for statement in version_4.STATEMENTS:
        db.execute(statement)


def versions() -> tuple[str, ...]:
    """Names of all migrations this program knows, oldest first."""
    with closing(sqlite3.connect(":memory:")) as nothing:
        return tuple(migration.name for migration in MIGRATIONS.pending(Database(nothing)))


def migrate(path: str, *, busy_timeout: float = 5.0) -> list[str]:
    """Names of the migrations applied, oldest first; empty when the database was up to date. A missing file
    is made (mode 0600).

    Each migration happens whole or not at all. Raises StoreBrokenError when the file is not a database, is
    not imagebot's, is newer than this program, or is in use by a running imagebot while something has to be
    changed; StoreBusyError when somebody else keeps it locked.
    """
    create_private(path)
    with translated(path):
        if not _pending(path, busy_timeout):
            return []
    lock = LockFile(path)
    try:
        return migrate_locked(path, busy_timeout=busy_timeout)
    finally:
        lock.release()


def migrate_locked(path: str, *, busy_timeout: float) -> list[str]:
    """As `migrate`, for a caller who holds the lock file."""
    create_private(path)
    with translated(path):
        pending = _pending(path, busy_timeout)
        with closing(connect(path, busy_timeout=busy_timeout)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            if pending:
                MIGRATIONS.apply(Database(connection))
            demand_newest(connection, path)
        return pending


def demand_newest(connection: sqlite3.Connection, path: str) -> None:
    """Raises StoreBrokenError, with the way out, unless the database has exactly the schema this program
    works with."""
    if pending := _pending_of(connection, path):
        raise StoreBrokenError(
            f"The database {path} is older than this program (it lacks {', '.join(pending)}). "
            "Run `imagebot migrate`."
        )
    if missing := schema.differences(connection):
        raise StoreBrokenError(f"The database {path} does not fit this program: {'; '.join(missing)}.")


def _pending(path: str, busy_timeout: float) -> list[str]:
    with closing(connect(path, busy_timeout=busy_timeout)) as connection:
        return _pending_of(connection, path)


def _pending_of(connection: sqlite3.Connection, path: str) -> list[str]:
    """Names of what is still to be applied. Reads only."""
    db = Database(connection)
    pending = [migration.name for migration in MIGRATIONS.pending(db)]
    applied = [migration.name for migration in MIGRATIONS.applied(db)]
    # A process killed at its very first start may have left the table of the migrations, and nothing in it.
    if not applied and set(db.table_names()) - {MIGRATIONS.migrations_table}:
        raise StoreBrokenError(f"The file {path} is a database, but not imagebot's. Name another file.")
    if newer := [name for name in applied if name not in versions()]:
        raise StoreBrokenError(
            f"The database {path} is newer than this program ({', '.join(newer)} is unknown). "
            "Install the newer imagebot."
        )
    return pending
