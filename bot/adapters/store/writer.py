"""The one thread that writes. It takes all steps that wait, runs each inside a savepoint, and makes them
durable with one commit: many waiters, one transaction, one fsync."""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress

from bot.adapters.store.failures import translate
from bot.adapters.store.statements import Statements
from bot.adapters.store.transaction import SqliteTransaction
from bot.adapters.store.waiting import Waiter, answer
from bot.domain.errors import BotError, BugError

BATCH = 256
"""Most steps in one commit: bounds how long the first of them waits for the last."""


class Writer(threading.Thread):
    """Owns the write connection. `put` from any thread; `None` ends it after what was put before.

    `gate` is held while a batch is written; `committed` is told how many rows each commit changed.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: str,
        *,
        gate: threading.Lock,
        committed: Callable[[int], None],
    ) -> None:
        super().__init__(name="imagebot-store-writer", daemon=True)
        self._connection = connection
        self._statements = Statements(connection, path)
        self._transaction = SqliteTransaction(self._statements)
        self._gate, self._committed = gate, committed
        self._waiting: queue.SimpleQueue[Waiter | None] = queue.SimpleQueue()
        self._data_version = -1
        self._ending = False

    def put(self, waiter: Waiter | None) -> None:
        self._waiting.put(waiter)

    def run(self) -> None:
        while not self._ending:
            batch = self._take()
            with self._gate:
                before = self._connection.total_changes
                self._write(batch)
                changed = self._connection.total_changes - before
            answer(batch)
            if changed:
                self._committed(changed)
        self._connection.close()

    def _take(self) -> list[Waiter]:
        """All that waits, at most BATCH, without those who have left already."""
        batch: list[Waiter] = []
        waiter = self._waiting.get()
        while True:
            if waiter is None:
                self._ending = True
                return batch
            if not waiter.future.cancelled():
                batch.append(waiter)
            if len(batch) >= BATCH:
                return batch
            try:
                waiter = self._waiting.get_nowait()
            except queue.Empty:
                return batch

    def _write(self, batch: list[Waiter]) -> None:
        """Every waiter of the batch has its value or its error afterwards, and no transaction is open."""
        if not batch:
            return
        try:
            self._begin()
            if len(batch) == 1:
                self._run(batch[0])
                self._connection.execute("COMMIT" if batch[0].error is None else "ROLLBACK")
            else:
                for waiter in batch:
                    self._run_in_savepoint(waiter)
                self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._give_up(batch, translate(error, self._statements.path))
        except BotError as error:
            self._give_up(batch, error)
        except Exception as error:  # whatever it is: nobody may wait for ever
            self._give_up(batch, BugError(f"the writer failed: {error!r}"))

    def _begin(self) -> None:
        self._statements.forget_failure()
        self._connection.execute("BEGIN IMMEDIATE")
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        if version != self._data_version:  # another process has written: the head of the log may be another
            self._data_version, self._transaction.head = version, None

    def _run(self, waiter: Waiter) -> None:
        head = self._transaction.head
        try:
            waiter.value = waiter.run(self._transaction)
        except BaseException as error:  # the step's own error belongs to its waiter
            waiter.error = error
        if waiter.error is None:  # a failure the step swallowed has cost it a row all the same
            waiter.error = self._statements.failure
        if waiter.error is not None:
            waiter.value, self._transaction.head = None, head

    def _run_in_savepoint(self, waiter: Waiter) -> None:
        """Raises the failure when SQLite, because of it, took back the whole transaction and the steps
        before."""
        self._connection.execute("SAVEPOINT step")
        self._run(waiter)
        if waiter.error is not None:
            failure = self._statements.failure
            if failure is not None and not self._connection.in_transaction:
                raise failure
            self._statements.forget_failure()
            self._connection.execute("ROLLBACK TO step")
        self._connection.execute("RELEASE step")

    def _give_up(self, batch: list[Waiter], error: BotError) -> None:
        """Nothing was made durable: each waiter gets its own error or, having none, a copy of this one."""
        self._transaction.head = None
        if self._connection.in_transaction:
            with suppress(sqlite3.Error):  # SQLite has rolled it back by itself
                self._connection.execute("ROLLBACK")
        for waiter in batch:
            if waiter.error is None:
                waiter.error = type(error)(error.message)
