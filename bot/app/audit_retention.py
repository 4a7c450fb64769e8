"""Removing the oldest audit events, archived first when asked, so that what is kept stays provable."""

from __future__ import annotations

import asyncio
import os
import pwd
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from bot.app.audit_archive import add_to_archive
from bot.domain.audit import RETAINED, Prefix, removable
from bot.domain.model import AuditEvent, RequestId
from bot.ports import Store, Transaction, View

PORTION = 2_000
"""Events removed in one transaction: bounds how long others wait for it. Each portion has a seal of its own."""
ALL = 10**9


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a retention is to do."""

    keep: timedelta
    by: str
    """Who wants it, for the record."""
    archive: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Retained:
    """What a retention did."""

    removed: int
    first_kept: int
    """The event the log begins with now; 0 when there is none at all."""
    held_by: RequestId | None = None
    """The open request that keeps older events from going, if any does."""


async def retain(store: Store, order: Order, now: Callable[[], datetime], *, dry: bool = False) -> Retained:
    """Removes what is older than `order.keep` and belongs to no open request, from the beginning of the log only. With `dry`
    nothing is changed. Raises OperatorError when the archive cannot be written; then nothing of that portion is removed."""
    older_than, removed, after = now() - order.keep, 0, 0
    while True:
        events, still_open = await store.read(partial(_look, after=after))
        prefix = removable(events, older_than=older_than, still_open=still_open)
        if prefix is None:
            break
        gone = events[: prefix.removed]
        if dry:
            after = gone[-1].id
        else:
            if order.archive is not None:
                await asyncio.to_thread(add_to_archive, order.archive, gone)
            if not await _remove(store, prefix, order, (older_than, now())):
                break
        removed += prefix.removed
    first = events[0] if events else None
    held = first is not None and first.at < older_than and first.request in still_open
    return Retained(
        removed=removed,
        first_kept=first.id if first else 0,
        held_by=first.request if first and held else None,
    )


def _look(view: View, *, after: int) -> tuple[tuple[AuditEvent, ...], frozenset[RequestId]]:
    return view.events(after=after, limit=PORTION + 1), _open(view)


def _open(view: View) -> frozenset[RequestId]:
    return frozenset(request.id for request in view.requests("open", limit=ALL))


async def _remove(store: Store, prefix: Prefix, order: Order, at: tuple[datetime, datetime]) -> bool:
    """Sealed and removed in one transaction; False, and nothing is changed, when a request of these events was opened
    again meanwhile."""
    older_than, now = at
    archive = order.archive.name if order.archive is not None else ""

    def step(tx: Transaction) -> bool:
        if prefix.requests & _open(tx):
            return False
        tx.record(RETAINED, at=now, data=prefix.seal(older_than=older_than, by=order.by, archive=archive))
        tx.forget_events(prefix.first_kept)
        return True

    return await store.write(step)


def operator() -> str:
    """Who runs this process, as the machine knows them: "anna (uid 1000) on host"."""
    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = "somebody"
    return f"{name} (uid {uid}) on {socket.gethostname()}"
