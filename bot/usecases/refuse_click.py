"""A click that does not count: written in the audit log, and its maker is told why, privately."""

from __future__ import annotations

from datetime import datetime

from bot.domain.model import Due, InboxItem, Lane, Request
from bot.domain.notices import Message
from bot.domain.wording import replies
from bot.ports import Transaction
from bot.usecases.advance import redraw, tell_person

UNKNOWN_LANE = "This card is out of date: what it speaks of does not exist."


def refuse_click(
    tx: Transaction, item: InboxItem, found: tuple[Lane, Request] | None, why: str, now: datetime
) -> None:
    """Recorded and answered; the card is drawn again, since the reader may have seen an old one."""
    request, lane = (found[1].id, found[0].id) if found else (None, None)
    tx.record(
        "click_refused", at=now, actor=item.person, request=request, lane=lane,
        data={"why": why, "click": item.body.get("click", "")},
    )  # fmt: skip
    message = replies.click_ignored(why)
    tell_person(tx, item.person, message, now, channel=item.channel, response_url=item.response_url)
    if found is not None:
        redraw(tx, found[1], now)


def answer(tx: Transaction, due: Due, item: InboxItem, message: Message, now: datetime) -> None:
    """Its maker is told privately, and the item is done with."""
    tell_person(tx, item.person, message, now, channel=item.channel, response_url=item.response_url)
    click_done(tx, due, item, now)


def click_done(tx: Transaction, due: Due, item: InboxItem, now: datetime) -> None:
    """The click has had its one effect."""
    tx.finish_inbox(item.id, now)
    tx.finish(due)
