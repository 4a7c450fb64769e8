"""Running statements on one connection, so that no failure of the database goes unnoticed. Knows no table."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from sqlite_utils import Database

from bot.adapters.store.failures import translate
from bot.domain.errors import BotError

Parameters = Sequence[Any]


class Statements:
    """One connection, by raw statements (the hot ones) or by sqlite-utils.

    After a failed statement every further one fails with the same error until `forget_failure`: SQLite may
    have rolled the whole transaction back by itself, and what followed would be kept without it.
    """

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self.connection = connection
        self.db = Database(connection)
        self.path = path
        self.failure: BotError | None = None

    def forget_failure(self) -> None:
        self.failure = None

    def rows(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """All rows. None when a parameter is a value no database can hold: an id past 64 bits, half a
        character."""
        try:
            return self.run(sql, parameters).fetchall()
        except (OverflowError, UnicodeEncodeError):
            return []

    def row(self, sql: str, parameters: Parameters = ()) -> tuple[Any, ...] | None:
        found = self.rows(sql, parameters)
        return found[0] if found else None

    def run(self, sql: str, parameters: Parameters = ()) -> sqlite3.Cursor:
        self._refuse_after_failure()
        try:
            return self.connection.execute(sql, parameters)
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def run_many(self, sql: str, rows: Iterable[Parameters]) -> sqlite3.Cursor:
        self._refuse_after_failure()
        try:
            return self.connection.executemany(sql, rows)
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def insert(self, table: str, records: Sequence[dict[str, Any]]) -> None:
        """By sqlite-utils; costs a few looks at the catalogue each time."""
        self._refuse_after_failure()
        try:
            self.db.table(table).insert_all(records)
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def _refuse_after_failure(self) -> None:
        if self.failure is not None:
            raise self.failure

    def _failed(self, error: sqlite3.Error) -> BotError:
        self.failure = translate(error, self.path)
        return self.failure
