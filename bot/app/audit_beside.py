"""The operator's writing commands for the audit log, beside a running bot or without one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.adapters.store.sqlite import SqliteStore
from bot.app.audit_retention import Order, Retained, retain
from bot.app.clock import SystemClock
from bot.domain.model import RequestId


async def record_beside(path: Path, kind: str, request: RequestId | None, data: Mapping[str, object]) -> None:
    """One event more. Raises StoreBrokenError or StoreBusyError when it cannot be written."""
    store = _beside(path)
    try:
        now = SystemClock().now()
        await store.write(lambda tx: tx.record(kind, at=now, request=request, data=data))
    finally:
        await store.close()


async def retain_beside(path: Path, order: Order, *, dry: bool) -> Retained:
    """As bot.app.audit_retention.retain, on the database at `path`."""
    store = _beside(path)
    try:
        return await retain(store, order, SystemClock().now, dry=dry)
    finally:
        await store.close()


def _beside(path: Path) -> SqliteStore:
    """The bot's own lock is not asked for: each write is a transaction of its own, and the bot reads the head anew."""
    return SqliteStore(str(path), exclusive=False, migrate_first=False)
