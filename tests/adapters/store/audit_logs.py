"""A small audit log in a real database file, and the auditor's view of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.adapters.store import SqliteStore
from bot.app.audit_check import Evidence, Result, check_database
from bot.app.audit_retention import Order, retain
from bot.domain.audit import Anchor
from bot.domain.model import AuditEvent, LaneId, RequestId
from tests.contracts.store_builders import ANNA, BEN, NOON, after, stored_request

CONTENTS: tuple[dict[str, Any], ...] = (
    {"kind": "bot_started", "data": {"policy": "d" * 12}},
    {"kind": "request_received", "actor": ANNA, "request": RequestId(1), "data": {"text": "share a to b", "n": 1}},
    {"kind": "lane_planned", "request": RequestId(1), "lane": LaneId("1.1"), "data": {"pairs": [["i", "p"]], "x": 1.5}},
    {"kind": "click_refused", "actor": BEN, "request": RequestId(1), "lane": LaneId("1.1"), "data": {"why": "späť ☃"}},
    {"kind": "notice_given_up", "data": {}},
    {"kind": "head_anchored", "data": {"told": ["log"], "big": 2**70, "none": None, "yes": True}},
    {"kind": "bot_stopped", "data": {"reason": "\u202e=1+1"}},
)  # fmt: skip


async def a_log(path: Path, *, days: int = 0) -> tuple[AuditEvent, ...]:
    """Events of every shape, each `days` and some microseconds after the one before."""
    store = SqliteStore(str(path))
    await stored_request(store)
    for n, content in enumerate(CONTENTS):
        at = NOON + timedelta(days=days * n, microseconds=n * 1_000_001)
        await store.write(lambda tx, given=content, at=at: tx.record(at=at, **given))  # type: ignore[misc]
    events = await store.read(lambda view: view.events())
    await store.close()
    return events


async def a_retained_log(path: Path, keep: int = 4, archive: Path | None = None) -> tuple[AuditEvent, ...]:
    """The same log with a day between its events, from which all but the newest `keep` days were removed."""
    await a_log(path, days=1)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE requests SET state = 'ended'")
    store = SqliteStore(str(path))
    end = NOON + timedelta(days=len(CONTENTS), seconds=-1)
    await retain(store, Order(keep=timedelta(days=keep), by="a test", archive=archive), lambda: end)
    await store.write(lambda tx: tx.record("bot_started", at=after(60 * 24 * 30)))
    events = await store.read(lambda view: view.events())
    await store.close()
    return events


def anchor(event: AuditEvent) -> Anchor:
    return Anchor(id=event.id, hash=event.hash)


def found(path: Path, *anchors: Anchor) -> Result:
    return check_database(path, Evidence(anchors=anchors))


@contextmanager
def forger(path: Path) -> Iterator[sqlite3.Connection]:
    """Somebody with the file: the guards are out of the way, and back again afterwards as if nothing had been."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("PRAGMA writable_schema = ON")
        yield connection
        connection.execute("PRAGMA writable_schema = OFF")
        for _, sql in triggers:
            connection.execute(sql)
