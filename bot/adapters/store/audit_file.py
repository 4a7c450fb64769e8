"""The audit log as it lies in the file, cell by cell, for whoever checks it: a row that the store could not even read is
still a row with a number. Opens the file for reading only, beside a running bot if need be."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from bot.adapters.store import rows
from bot.adapters.store.connection import reading
from bot.adapters.store.failures import translated
from bot.adapters.store.migrations import MIGRATIONS, demand_newest
from bot.domain.audit import RETAINED, Damaged, Stored, canonical
from bot.domain.errors import BotError, StoreBrokenError
from bot.domain.model import AuditEvent

_COLUMNS = rows.EVENTS.columns
_TYPES = " || '|' || ".join(f"typeof({column})" for column in _COLUMNS)
_CELLS = ", ".join(f"CAST({column} AS BLOB)" for column in _COLUMNS)
_SELECT = f"SELECT {_TYPES}, {_CELLS} FROM events"  # noqa: S608 # nosec B608 # our own columns
_SEAL = f"{_SELECT} WHERE kind = '{RETAINED}' ORDER BY id DESC LIMIT 1"
_CATALOGUE = "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = 'events' ORDER BY type, name"
_MOST_TROUBLES = 5


class AuditFile:
    """One moment of the log. Raises StoreBrokenError when the file is missing, is not imagebot's or of another version."""

    def __init__(self, path: Path, *, busy_timeout: float = 5.0) -> None:
        if not path.exists():
            raise StoreBrokenError(f"There is no database at {path}.")
        self._path = str(path)
        with _legible(self._path):
            self._connection = reading(self._path, busy_timeout=busy_timeout, mode="ro")
            try:
                demand_newest(self._connection, self._path)
                self._connection.execute("BEGIN")
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        self._connection.close()

    def events(self) -> Iterator[Stored]:
        """Every row, in order of id, whatever its id is. Each call begins anew. Raises StoreBrokenError when the file is
        damaged so that rows cannot be told apart."""
        with _legible(self._path):
            for row in self._connection.execute(f"{_SELECT} ORDER BY id"):
                yield _stored(row)

    def event(self, id: int) -> Stored | None:
        """The row with this id."""
        with _legible(self._path):
            row = self._connection.execute(f"{_SELECT} WHERE id = ?", (id,)).fetchone()
        return None if row is None else _stored(row)

    def seal(self) -> Stored | None:
        """The newest event of a retention."""
        with _legible(self._path):
            row = self._connection.execute(_SEAL).fetchone()
        return None if row is None else _stored(row)

    def troubles(self) -> tuple[str, ...]:
        """What is wrong with the file or with the guards that keep the log append-only, one sentence each."""
        return (*self._unguarded(), *self._damaged())

    def _unguarded(self) -> Iterator[str]:
        meant = _as_the_bot_makes_it()
        with _legible(self._path):
            there = _catalogue(self._connection)
        for what in sorted(meant.keys() - there.keys()):
            yield f"The {what} of the audit log is gone from the database: somebody has removed it."
        for what in sorted(there.keys() - meant.keys()):
            yield f"The {what} was added to the audit log: it is not the bot's."
        for what in sorted(meant.keys() & there.keys()):
            if meant[what] != there[what]:
                yield f"The {what} of the audit log was changed: it is not as the bot made it."

    def _damaged(self) -> Iterator[str]:
        with _legible(self._path):
            query = f"PRAGMA integrity_check({_MOST_TROUBLES})"
            found = [str(row[0]) for row in self._connection.execute(query)]
        if found != ["ok"]:
            yield f"The database file is damaged: {'; '.join(' '.join(line.split()) for line in found)}."


@contextmanager
def _legible(path: str) -> Iterator[None]:
    """Whatever SQLite raises is told in our words; so are names in its catalogue that are no text any more."""
    try:
        with translated(path):
            yield
    except UnicodeDecodeError:
        raise StoreBrokenError(
            f"The database {path} is damaged: its own description cannot be read."
        ) from None


@cache
def _as_the_bot_makes_it() -> Mapping[str, str]:
    with closing(sqlite3.connect(":memory:")) as fresh:
        MIGRATIONS.apply(Database(fresh))
        return _catalogue(fresh)


def _catalogue(connection: sqlite3.Connection) -> dict[str, str]:
    """Table, indexes and triggers as they are described in the file."""
    made = connection.execute(_CATALOGUE)
    return {f"{kind} {name}": " ".join((sql or "").split()) for kind, name, sql in made}


def _stored(row: tuple[Any, ...]) -> Stored:
    """The event of a row, when the row is exactly what the bot writes for that event."""
    types, *cells = row
    id = int(cells[0])
    try:
        values = [_value(kind, cell) for kind, cell in zip(types.split("|"), cells, strict=True)]
        event: AuditEvent = rows.EVENTS.value_of(values)
        written = tuple(
            canonical(event.data) if column == "data" else cell
            for column, cell in zip(_COLUMNS, rows.EVENTS.row_of(event), strict=True)
        )
    except (
        BotError,
        ValueError,
        TypeError,
        KeyError,
        OverflowError,
        RecursionError,
        AttributeError,
    ) as error:
        return Damaged(id=id, why=f"it cannot be read ({type(error).__name__})")
    for column, was, now in zip(_COLUMNS, written, values, strict=True):
        if type(was) is not type(now) or was != now:
            return Damaged(id=id, why=f"its {column} is not stored as the bot stores it")
    return event


def _value(kind: str, cell: bytes | None) -> object:
    """The cell as the type it is stored with."""
    match kind:
        case "null":
            return None
        case "integer":
            return int(cell or b"")
        case "text":
            return (cell or b"").decode("utf-8")
    raise ValueError(f"a cell of type {kind}")
