"""What SQLite's errors mean to the bot: each becomes one of bot.domain.errors, with a plain sentence.

By SQLite's primary result code, https://www.sqlite.org/rescode.html. Never by the text of a message.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from bot.domain.errors import BotError, BugError, StoreBrokenError, StoreBusyError

MALFORMED = "The database is malformed. Stop the bot and restore the last good copy."
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_BROKEN = {
    sqlite3.SQLITE_FULL: (
        "The disk is full: the database cannot grow. Make room; nothing that was answered is lost."
    ),
    sqlite3.SQLITE_READONLY: (
        "The database is read-only: the bot's user must be able to write it and its folder."
    ),
    sqlite3.SQLITE_NOTADB: "The file is not a database.",
    sqlite3.SQLITE_CORRUPT: MALFORMED,
    sqlite3.SQLITE_CANTOPEN: (
        "The database cannot be opened: the file, or its folder, is missing or not accessible."
    ),
    sqlite3.SQLITE_PERM: "The database cannot be opened: access is denied.",
    sqlite3.SQLITE_IOERR: "The disk reports an error while the database is read or written.",
}


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 when the error comes from Python's driver and not from SQLite."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def translate(error: sqlite3.Error, path: str = "") -> BotError:
    """The bot's error for one of SQLite's: busy, broken, or a bug of ours (a constraint, a wrong
    statement)."""
    code = primary_code(error)
    where = f" ({path})" if path else ""
    if code in _BUSY:
        return StoreBusyError(f"The database is locked by another process{where}.")
    if code in _BROKEN:
        return StoreBrokenError(f"{_BROKEN[code]}{where}")
    if isinstance(error, (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError)):
        return BugError(f"The database refused a row: {error}")
    return StoreBrokenError(f"The database cannot be used: {error}{where}")


@contextmanager
def translated(path: str = "") -> Iterator[None]:
    """Whatever SQLite raises inside comes out as the bot's error."""
    try:
        yield
    except sqlite3.Error as error:
        raise translate(error, path) from error
