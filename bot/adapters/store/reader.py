"""The threads that read, each with a connection of its own. One query is one deferred transaction: all it
sees is of one moment, and that moment is not before the last finished write."""

from __future__ import annotations

import queue
import sqlite3
import threading
from contextlib import suppress

from bot.adapters.store.failures import translate
from bot.adapters.store.statements import Statements
from bot.adapters.store.view import SqliteView
from bot.adapters.store.waiting import Waiter, answer

Waiting = queue.SimpleQueue[Waiter | None]


class Reader(threading.Thread):
    """Takes from a queue it may share with other readers; `None` ends one of them."""

    def __init__(self, connection: sqlite3.Connection, path: str, waiting: Waiting) -> None:
        super().__init__(name="imagebot-store-reader", daemon=True)
        self._connection = connection
        self._statements = Statements(connection, path)
        self._view = SqliteView(self._statements)
        self._waiting = waiting

    def run(self) -> None:
        while (waiter := self._waiting.get()) is not None:
            if not waiter.future.cancelled():
                self._read(waiter)
                answer((waiter,))
        self._connection.close()

    def _read(self, waiter: Waiter) -> None:
        self._statements.forget_failure()
        try:
            self._connection.execute("BEGIN")
            waiter.value = waiter.run(self._view)
        except sqlite3.Error as error:
            waiter.error = translate(error, self._statements.path)
        except BaseException as error:  # the query's own error belongs to its waiter
            waiter.error = error
        if self._connection.in_transaction:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
