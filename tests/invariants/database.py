"""All that an SQLite database of the bot holds, as evidence."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from bot.adapters.store import rows
from bot.adapters.store.codec import moment
from bot.domain.model import DueKind
from tests.invariants.evidence import Collected, DueRow, Stored


def stored_in(connection: sqlite3.Connection) -> Stored:
    """Of the newest schema; nothing may be written meanwhile."""

    def every(table: Any, order: str = "ORDER BY id") -> tuple[Any, ...]:
        return tuple(table.value_of(row) for row in connection.execute(table.select(order)))

    due = connection.execute("SELECT kind, subject, at, claim FROM due ORDER BY id")
    return Stored(
        requests=every(rows.REQUESTS), lanes=every(rows.LANES, "ORDER BY request, number"),
        members=every(rows.MEMBERS), decisions=every(rows.DECISIONS), jobs=every(rows.JOBS),
        inbox=every(rows.INBOX), notices=every(rows.NOTICES), cards=every(rows.CARDS), events=every(rows.EVENTS),
        due=tuple(DueRow(DueKind(kind), subject, moment(at), claim) for kind, subject, at, claim in due),
    )  # fmt: skip


def evidence_of(database: Path) -> Collected:
    """What can be known from the database of a bot alone."""
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        return Collected(stored=stored_in(connection))
