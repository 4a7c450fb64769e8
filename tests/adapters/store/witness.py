"""Steps and looks that several tests of the SQLite store share: what was told to whom, and what is stored of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from bot.adapters.store.transaction import SqliteTransaction
from bot.domain import audit
from bot.domain.model import Request
from bot.ports import Store, Transaction
from tests.contracts.store_builders import NOON, a_request


def told(key: str, padding: str = "") -> Callable[[Transaction], Request]:
    """A request and its audit event."""

    def step(tx: Transaction) -> Request:
        request = tx.add_request(a_request(key, reason=padding))
        tx.record("request_received", at=NOON, request=request.id, data={"key": key})
        return request

    return step


async def pragma(store: Store, statement: str) -> object:
    """On the writer's own connection."""

    def step(tx: Transaction) -> object:
        row = cast(SqliteTransaction, tx)._sql.run(f"PRAGMA {statement}").fetchone()
        return row and row[0]

    return await store.write(step)


async def keys(store: Store) -> list[str]:
    """Those of all stored requests, oldest first; their audit chain must hold."""
    requests, events = await store.read(lambda v: (v.requests("all", limit=9999), v.events(limit=9999)))
    assert audit.verify(events) is None
    assert [event.data["key"] for event in events] == [r.dedupe_key for r in reversed(requests)]
    return [request.dedupe_key for request in reversed(requests)]
