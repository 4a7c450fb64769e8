"""What the store of a simulated bot is made of: the tables in memory, or the rows of the real one over an SQLite that lives in
memory. Both do a batch of steps at once and at one moment, as a commit does."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Protocol

from sqlite_utils import Database

from bot.adapters.store.agenda import FREE_CLAIMS
from bot.adapters.store.migrations import MIGRATIONS
from bot.adapters.store.statements import Statements
from bot.adapters.store.view import SqliteView
from bot.adapters.store.waiting import Waiter
from bot.adapters.store.writer import Writer
from bot.domain.model import DueKind
from bot.ports import Transaction, View
from tests.fakes.memory_store import MemoryTransaction
from tests.fakes.memory_tables import MemoryView, Tables
from tests.invariants.database import stored_in
from tests.invariants.evidence import DueRow, Stored

Step = Callable[[Transaction], Any]
Answer = tuple[Any, BaseException | None]


class Undone(BaseException):
    """The process dies before the commit: the steps ran, and nothing of them is kept."""


class Hand(Protocol):
    """The way of one process into the store."""

    def commit(self, steps: Sequence[Step]) -> list[Answer]:
        """Each step's value or error; what went well is kept."""

    def undo(self, steps: Sequence[Step]) -> None:
        """The steps run, and nothing is kept."""

    def close(self) -> None: ...


class Back(Protocol):
    """What outlives every process."""

    def hand(self, *, alone: bool) -> Hand:
        """`alone`: no other process has it open, so claims that a dead one left are free at once."""

    def read(self, query: Callable[[View], Any]) -> Any: ...
    def stored(self) -> Stored: ...
    def close(self) -> None: ...


# -- in memory -----------------------------------------------------------------------------------------------


class MemoryBack:
    def __init__(self) -> None:
        self.tables = Tables()

    def hand(self, *, alone: bool) -> Hand:
        return _MemoryHand(self)

    def read(self, query: Callable[[View], Any]) -> Any:
        return query(MemoryView(self.tables))

    def close(self) -> None:
        return

    def stored(self) -> Stored:
        t = self.tables
        return Stored(
            requests=tuple(t.requests.values()), lanes=tuple(t.lanes.values()), members=tuple(t.members.values()),
            decisions=tuple(t.decisions.values()), jobs=tuple(t.jobs.values()), inbox=tuple(t.inbox.values()),
            notices=tuple(t.notices.values()), cards=tuple(t.cards), events=tuple(t.events.values()),
            due=tuple(DueRow(kind, subject, row.at, row.claim) for (kind, subject), row in t.due.items()),
        )  # fmt: skip


class _MemoryHand:
    def __init__(self, back: MemoryBack) -> None:
        self._back = back

    def commit(self, steps: Sequence[Step]) -> list[Answer]:
        answers: list[Answer] = []
        for step in steps:
            tables = self._back.tables.copy()
            try:
                value = step(MemoryTransaction(tables))
            except Exception as error:
                answers.append((None, error))
            else:
                self._back.tables = tables
                answers.append((value, None))
        return answers

    def undo(self, steps: Sequence[Step]) -> None:
        before = self._back.tables
        self.commit(steps)
        self._back.tables = before

    def close(self) -> None:
        return


# -- SQLite ---------------------------------------------------------------------------------------------------

_NAMES = itertools.count(1)


@cache
def _empty() -> sqlite3.Connection:
    """A database of the newest schema, made once."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    MIGRATIONS.apply(Database(connection))
    return connection


class SqliteBack:
    """Every process has a connection of its own to one database in memory."""

    def __init__(self) -> None:
        self._name = f"file:simulation-{next(_NAMES)}?mode=memory&cache=shared"
        self._keep = self.connect()
        _empty().backup(self._keep)
        self._statements = Statements(self.connect(), "")
        self._view = SqliteView(self._statements)

    def connect(self) -> sqlite3.Connection:
        return sqlite3.connect(
            self._name, uri=True, isolation_level=None, check_same_thread=False, cached_statements=256
        )

    def hand(self, *, alone: bool) -> Hand:
        connection = self.connect()
        connection.execute("PRAGMA foreign_keys = ON")
        if alone:
            connection.execute(FREE_CLAIMS)
        return _SqliteHand(connection)

    def read(self, query: Callable[[View], Any]) -> Any:
        """Nobody writes meanwhile, so that all is of one moment without a transaction."""
        self._statements.forget_failure()
        return query(self._view)

    def close(self) -> None:
        self._statements.connection.close()
        self._keep.close()

    def stored(self) -> Stored:
        return stored_in(self._keep)


class _SqliteHand:
    """The real writer, which is not started as a thread: its batches are written when they are asked for."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._writer = Writer(
            connection, "", busy_timeout=0.0, gate=threading.Lock(), committed=lambda _: None
        )

    def commit(self, steps: Sequence[Step]) -> list[Answer]:
        batch = [_waiter(step) for step in steps]
        self._writer._write(batch)
        return [(waiter.value, waiter.error) for waiter in batch]

    def undo(self, steps: Sequence[Step]) -> None:
        def all_of_it(tx: Transaction) -> None:
            for step in steps:
                step(tx)
            raise Undone

        self.commit([all_of_it])

    def close(self) -> None:
        self._connection.close()


def _waiter(run: Callable[[Any], Any]) -> Waiter:
    """Nobody waits on it: its value and its error are taken from it."""
    loop = asyncio.get_running_loop()
    return Waiter(run, loop, loop.create_future())


class Agenda:
    """When something is due next, remembered until something is written: the crews ask all the time."""

    def __init__(self, back: Back) -> None:
        self._back = back
        self._known: dict[object, datetime | None] = {}

    def next_due(self, kinds: Sequence[DueKind] | None = None) -> datetime | None:
        if kinds not in self._known:
            self._known[kinds] = self._back.read(lambda view: view.next_due(kinds))
        return self._known[kinds]

    def forget(self) -> None:
        self._known.clear()
