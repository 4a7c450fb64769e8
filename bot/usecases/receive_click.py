"""A click: stored, then acknowledged. What it does is decided by the worker, under the rights at that moment."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.domain.model import ClickKind, DueKind, InboxId, InboxItem, InboxKind, Person
from bot.ports import Outside, Transaction


@dataclass(frozen=True, kw_only=True)
class Clicked:
    """A press of a button, or a filled-in reject form. Everything but the ids is read from the store later."""

    person: Person
    channel: str
    click: ClickKind
    lane: str
    plan_hash: str
    dedupe_key: str
    message_ts: str = ""
    reason: str = ""
    chosen: str = ""
    """A bot.domain.choosing.Selection as text; empty: all of the lane."""
    response_url: str | None = field(default=None, repr=False)


async def receive_click(outside: Outside, clicked: Clicked) -> bool:
    """True when it was stored just now, False when the same click was stored before. Durable when this returns."""
    now = outside.clock.now()
    item = InboxItem(
        id=InboxId(0),
        kind=InboxKind.CLICK,
        dedupe_key=clicked.dedupe_key,
        person=clicked.person,
        channel=clicked.channel,
        received_at=now,
        body={
            "click": clicked.click.value,
            "lane": clicked.lane,
            "plan_hash": clicked.plan_hash,
            "reason": clicked.reason,
            "message_ts": clicked.message_ts,
            "chosen": clicked.chosen,
        },
        response_url=clicked.response_url,
    )

    def store(tx: Transaction) -> bool:
        added, new = tx.add_to_inbox(item)
        if new:
            tx.plan_work(DueKind.INBOX, str(added.id), now)
        return new

    return await outside.store.write(store)
