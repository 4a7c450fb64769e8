"""Connections to the database file, each set up for its purpose. Nothing here knows a table."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from bot.adapters.store.failures import MALFORMED, translated
from bot.domain.errors import StoreBrokenError

LARGEST_CHECKED = 256 * 1024 * 1024
"""Bytes; looked through in about a second."""
CACHED_STATEMENTS = 256
"""More than the store has statements, so that each is prepared once per connection."""


def connect(path: str, *, busy_timeout: float, mode: str = "rw") -> sqlite3.Connection:
    """A connection in autocommit mode (transactions are begun by hand), usable from the one thread it is
    given to.

    `mode` is SQLite's: "ro" or "rw"; neither creates a file.
    """
    return sqlite3.connect(
        f"{Path(path).absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=busy_timeout,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=CACHED_STATEMENTS,
    )


def writing(path: str, *, busy_timeout: float) -> sqlite3.Connection:
    """The connection the writer owns: every commit is on the disk before it returns; no checkpoint in its
    way."""
    connection = connect(path, busy_timeout=busy_timeout)
    for pragma in (
        "synchronous = FULL",
        "foreign_keys = ON",
        "wal_autocheckpoint = 0",
        "cache_size = -8000",
        "secure_delete = FAST",  # response_urls that were emptied do not linger in the pages
    ):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def reading(path: str, *, busy_timeout: float, mode: str = "rw") -> sqlite3.Connection:
    """A connection that cannot change anything."""
    connection = connect(path, busy_timeout=busy_timeout, mode=mode)
    connection.execute("PRAGMA query_only = ON")
    return connection


def demand_whole(path: str, *, busy_timeout: float) -> None:
    """Nothing for a file that is not there. Raises StoreBrokenError when a page of it is damaged: a bot that fails only where
    the damage lies looks well, and what it says of its requests is not to be trusted. A file larger than LARGEST_CHECKED is
    not looked through, as people wait for the start."""
    if not os.path.isfile(path) or os.path.getsize(path) > LARGEST_CHECKED:
        return
    with translated(path), closing(connect(path, busy_timeout=busy_timeout)) as connection:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise StoreBrokenError(f"{MALFORMED} ({path}: {found})")


def create_private(path: str) -> None:
    """An empty file only its owner can read, unless there is one already. SQLite gives the -wal and -shm the
    same mode.

    Raises StoreBrokenError when the folder is missing or not ours.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreBrokenError(
            f"The database {path} cannot be opened for writing: {error.strerror}."
        ) from error
