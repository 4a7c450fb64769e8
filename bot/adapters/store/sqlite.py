"""bot.ports.Store over one SQLite file: one writer thread with group commit, a few reader threads, one
checkpointer."""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any, TypeVar

from bot.adapters.store.agenda import FREE_CLAIMS
from bot.adapters.store.checkpoint import LARGEST_LOG, Checkpointer
from bot.adapters.store.connection import connect, demand_whole, reading, writing
from bot.adapters.store.failures import translated
from bot.adapters.store.lockfile import LockFile
from bot.adapters.store.migrations import demand_newest, migrate, migrate_locked
from bot.adapters.store.reader import Reader, Waiting
from bot.adapters.store.waiting import Waiter
from bot.adapters.store.writer import Writer
from bot.domain.errors import StoreBrokenError
from bot.ports import Transaction, View

T = TypeVar("T")

READERS = 2


class SqliteStore:
    """The constructor opens, makes (mode 0600) and migrates the file; it blocks for some milliseconds.

    `busy_timeout`: seconds to wait for a lock of another process before StoreBusyError. `exclusive`: no
    second imagebot may open the file meanwhile, and claims that a dead one left are free at once. `migrate_first`:
    an older file is brought up to date, a missing one made; without it both are refused.
    `readonly`: nothing is made, locked or migrated, and `write`
    is refused; for looking into the database of a running bot. `largest_log`: bytes of write-ahead log past
    which the writer waits for a checkpoint.

    Raises StoreBrokenError (missing, not accessible, not a database, not imagebot's, newer than this program,
    in use by another imagebot; with `readonly` also: older than this program) and StoreBusyError (kept locked
    by somebody else).
    """

    def __init__(
        self,
        path: str,
        *,
        busy_timeout: float = 5.0,
        exclusive: bool = True,
        readonly: bool = False,
        migrate_first: bool = True,
        largest_log: int = LARGEST_LOG,
    ) -> None:
        self.path = path
        self._closed = False
        self._closing = threading.Lock()
        self._reads: Waiting = queue.SimpleQueue()
        self._gathered: list[Waiter] = []
        self._writer: Writer | None = None
        self._checkpointer: Checkpointer | None = None
        self._lock: LockFile | None = None
        with ExitStack() as undo:
            if readonly:
                self._look(busy_timeout, undo)
            else:
                if not migrate_first and not Path(path).exists():
                    raise StoreBrokenError(f"There is no database at {path}. Run `imagebot migrate`.")
                self._own(busy_timeout, exclusive, migrate_first, undo)
                self._open(busy_timeout, largest_log, undo)
            undo.pop_all()
        for thread in self._threads():
            thread.start()

    def _look(self, busy_timeout: float, undo: ExitStack) -> None:
        if not Path(self.path).exists():
            raise StoreBrokenError(f"There is no database at {self.path}.")
        with translated(self.path):
            self._readers = self._make_readers(busy_timeout, undo, mode="ro")

    def _own(self, busy_timeout: float, exclusive: bool, migrate_first: bool, undo: ExitStack) -> None:
        """The newest schema, and with `exclusive` no claim of a process that is gone: nobody else can hold one."""
        if exclusive:
            self._lock = LockFile(self.path)
            undo.callback(self._lock.release)
            demand_whole(self.path, busy_timeout=busy_timeout)
        if migrate_first and exclusive:
            migrate_locked(self.path, busy_timeout=busy_timeout)
        elif migrate_first:
            migrate(self.path, busy_timeout=busy_timeout)
        if exclusive:
            with translated(self.path), closing(connect(self.path, busy_timeout=busy_timeout)) as connection:
                demand_newest(connection, self.path)
                connection.execute(FREE_CLAIMS)

    def _open(self, busy_timeout: float, largest_log: int, undo: ExitStack) -> None:
        with translated(self.path):
            write = _kept(writing(self.path, busy_timeout=busy_timeout), undo)
            check = _kept(connect(self.path, busy_timeout=0.0), undo)
            self._readers = self._make_readers(busy_timeout, undo, mode="rw")
        gate = threading.Lock()
        self._checkpointer = Checkpointer(check, self.path, gate=gate, largest_log=largest_log)
        self._writer = Writer(
            write, self.path, busy_timeout=busy_timeout, gate=gate, committed=self._checkpointer.committed
        )

    def _make_readers(self, busy_timeout: float, undo: ExitStack, *, mode: str) -> list[Reader]:
        readers = []
        for _ in range(READERS):
            connection = _kept(reading(self.path, busy_timeout=busy_timeout, mode=mode), undo)
            demand_newest(connection, self.path)
            readers.append(Reader(connection, self.path, self._reads))
        return readers

    def _threads(self) -> list[threading.Thread]:
        return [thread for thread in (self._writer, self._checkpointer, *self._readers) if thread is not None]

    async def write(self, step: Callable[[Transaction], T]) -> T:
        """A caller who is cancelled while the step waits leaves it undone; later it happens all the same."""
        if self._writer is None:
            raise StoreBrokenError(f"The database {self.path} was opened for reading only.")
        return await self._ask(step, self._gather)  # type: ignore[no-any-return]

    async def read(self, query: Callable[[View], T]) -> T:
        return await self._ask(query, self._reads.put)  # type: ignore[no-any-return]

    async def _ask(self, run: Callable[[Any], Any], put: Callable[[Waiter], None]) -> Any:
        loop = asyncio.get_running_loop()
        waiter = Waiter(run, loop, loop.create_future())
        with self._closing:  # nothing may be put after the mark that ends a thread: it would wait for ever
            if self._closed:
                raise StoreBrokenError(f"The database {self.path} is closed.")
            put(waiter)
        return await waiter.future

    def _gather(self, waiter: Waiter) -> None:
        """Kept until the loop has run everything that is ready: what is brought meanwhile goes along."""
        if all(other.loop is not waiter.loop for other in self._gathered):
            waiter.loop.call_soon(self._hand_over, waiter.loop)
        self._gathered.append(waiter)

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        """Written here and now with one commit; or, where the loop is better spared, by the writer's thread."""
        assert self._writer is not None
        with self._closing:
            mine = [waiter for waiter in self._gathered if waiter.loop is loop]
            self._gathered = [waiter for waiter in self._gathered if waiter.loop is not loop]
            wanted = [waiter for waiter in mine if not waiter.future.cancelled()]
            if wanted and not self._writer.here(wanted):
                self._writer.put(wanted)
                return
        for waiter in wanted:
            waiter.settle()

    async def close(self) -> None:
        """What was asked before is done and answered; then the file is whole by itself, without its log."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        with self._closing:
            first, self._closed = not self._closed, True
            if first:
                self._end_threads()
        for thread in self._threads():
            thread.join()
        if first and self._writer is not None:
            self._end_log()
        if self._lock is not None:
            self._lock.release()

    def _end_log(self) -> None:
        """Of connections closed at the same moment each may leave the log to the other; one closed alone takes it away."""
        with suppress(sqlite3.Error), closing(connect(self.path, busy_timeout=0.0)) as last:
            last.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _end_threads(self) -> None:
        if self._writer is not None:
            self._writer.put(self._gathered)
            self._gathered = []
            self._writer.put(None)
        if self._checkpointer is not None:
            self._checkpointer.end()
        for _ in self._readers:
            self._reads.put(None)


def _kept(connection: sqlite3.Connection, undo: ExitStack) -> sqlite3.Connection:
    """Closed again when the opening fails."""
    undo.callback(connection.close)
    return connection
