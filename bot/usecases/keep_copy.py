"""A click shows where a card stands. A copy that the bot did not know of (its answer was lost when it was posted) is kept, so
that it is brought up to date like the others."""

from __future__ import annotations

from bot.domain.model import InboxItem, MessageRef
from bot.ports import Outside, Transaction
from bot.usecases.advance import lane_and_request, redraw


async def keep_copy(outside: Outside, item: InboxItem) -> None:
    """Writes only when the copy is new."""
    ts = item.body.get("message_ts", "")
    ref = MessageRef(channel=item.channel, ts=ts)
    found = await outside.store.read(lambda view: lane_and_request(view, item.body["lane"]))
    if not ts or found is None or found[1].parent is not None:
        return
    known = await outside.store.read(lambda view: view.cards(found[1].id))
    if not known or ref in known or ref.channel not in {card.channel for card in known}:
        return

    def store(tx: Transaction) -> None:
        tx.add_card(found[1].id, ref)
        redraw(tx, found[1], outside.clock.now())

    await outside.store.write(store)
