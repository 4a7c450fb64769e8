"""The one who writes. All steps that wait run each inside a savepoint and are made durable with one commit: many waiters, one
transaction, one fsync. Steps are written at once by who brings them, the event loop, as long as the disk is quick: two threads
that take turns at Python's lock, statement by statement, take longer than one that does both (16 commands at once: a sixth more).
When writing is slow, locked, or too much at a time, a thread does it and the loop goes on."""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from bot.adapters.store.failures import translate
from bot.adapters.store.statements import Statements
from bot.adapters.store.transaction import SqliteTransaction
from bot.adapters.store.waiting import Waiter, answer
from bot.domain.errors import BotError, BugError, StoreBrokenError, StoreBusyError

BATCH = 256
"""Most steps in one commit: bounds how long the first of them waits for the last."""
MOST_HERE = 64
"""Most steps that their bringer writes together."""
LONGEST_HERE, LONGEST_STEP = 0.004, 0.0005
"""Seconds, and as many for each step. After what took longer on its bringer's thread (a slow disk, a step with a thousand
rows) ..."""
ELSEWHERE = 50
"""... so many handings-over go to the writer's thread, for the bringer is the event loop and has others to serve."""


class Writer(threading.Thread):
    """Owns the write connection. `put` and `here` from any thread; `None` ends it after what was put before.

    `gate` is held while a batch is written; `committed` is told how many rows each commit changed.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: str,
        *,
        busy_timeout: float,
        gate: threading.Lock,
        committed: Callable[[int], None],
    ) -> None:
        super().__init__(name="imagebot-store-writer", daemon=True)
        self._patience, self._patient = round(busy_timeout * 1000), True
        self._connection = connection
        self._statements = Statements(connection, path)
        self._transaction = SqliteTransaction(self._statements)
        self._gate, self._committed = gate, committed
        self._waiting: queue.SimpleQueue[Sequence[Waiter] | None] = queue.SimpleQueue()
        self._taken: deque[Waiter] = deque()
        self._busy = False
        self._elsewhere = 0
        self._data_version = -1
        self._ending = False
        self._broken = False
        """Whether the last commit that was tried failed for the disk's sake."""

    def put(self, waiters: Sequence[Waiter] | None) -> None:
        self._waiting.put(waiters)

    def here(self, waiters: Sequence[Waiter]) -> bool:
        """Written by the calling thread, and each waiter has its value or its error; False, and nothing was done, when they are too
        many, others wait too, the database is locked, or writing has been slow of late."""
        if self._elsewhere:
            self._elsewhere -= 1
            return False
        if len(waiters) > MOST_HERE or self._busy or not self._waiting.empty():
            return False
        if not self._gate.acquire(blocking=False):
            return False
        try:
            began = time.perf_counter()
            changed = self._changed_by(waiters, patient=False)
        finally:
            self._gate.release()
        if all(isinstance(waiter.error, StoreBusyError) for waiter in waiters):
            for waiter in waiters:
                waiter.error = None
            return False
        if changed:
            self._committed(changed)
        if time.perf_counter() - began > LONGEST_HERE + LONGEST_STEP * len(waiters):
            self._elsewhere = ELSEWHERE
        return True

    def run(self) -> None:
        while not (self._ending and not self._taken):
            batch = self._take()
            with self._gate:
                changed = self._changed_by(batch, patient=True)
            answer(batch)
            if changed:
                self._committed(changed)
            self._busy = bool(self._taken)
        self._connection.close()

    def _changed_by(self, batch: Sequence[Waiter], *, patient: bool) -> int:
        """Rows, once the batch is written. `patient`: a lock of another process is waited for."""
        before = self._connection.total_changes
        if patient is not self._patient:
            self._connection.execute(f"PRAGMA busy_timeout = {self._patience if patient else 0}")
            self._patient = patient
        self._write(batch)
        return self._connection.total_changes - before

    def _take(self) -> list[Waiter]:
        """All that waits, at most BATCH, without those who have left already."""
        if not self._taken:
            self._keep(self._waiting.get())
        self._busy = True
        while len(self._taken) < BATCH and not self._ending:
            try:
                self._keep(self._waiting.get_nowait())
            except queue.Empty:
                break
        batch = [self._taken.popleft() for _ in range(min(BATCH, len(self._taken)))]
        return [waiter for waiter in batch if not waiter.future.cancelled()]

    def _keep(self, waiters: Sequence[Waiter] | None) -> None:
        if waiters is None:
            self._ending = True
        else:
            self._taken.extend(waiters)

    def _write(self, batch: Sequence[Waiter]) -> None:
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
        broken = any(isinstance(waiter.error, StoreBrokenError) for waiter in batch)
        self._broken = broken or (self._broken and any(waiter.error is not None for waiter in batch))

    def _begin(self) -> None:
        self._statements.forget_failure()
        self._connection.execute("BEGIN IMMEDIATE")
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        if self._broken:
            self._prove()
        if version != self._data_version:  # another process has written: the head of the log may be another
            self._data_version, self._transaction.head = version, None

    def _prove(self) -> None:
        """After a failure of the disk something is written, though the steps may change nothing: a commit of nothing succeeds on
        a full disk too, and whoever asks whether the database can be written would be told that it can."""
        (same,) = self._connection.execute("PRAGMA user_version").fetchone()
        self._connection.execute(f"PRAGMA user_version = {same}")

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

    def _give_up(self, batch: Sequence[Waiter], error: BotError) -> None:
        """Nothing was made durable: each waiter gets its own error or, having none, a copy of this one."""
        self._transaction.head = None
        if self._connection.in_transaction:
            with suppress(sqlite3.Error):  # SQLite has rolled it back by itself
                self._connection.execute("ROLLBACK")
        for waiter in batch:
            if waiter.error is None:
                waiter.error = type(error)(error.message)
