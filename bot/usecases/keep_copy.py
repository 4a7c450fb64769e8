"""A click shows where a card stands, and what is drawn there. A copy that the bot did not know of (its answer was lost when it was
posted) is kept, so that it is brought up to date like the others; one that offers what is no longer so is drawn again."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.model import InboxItem, Lane, MessageRef, Request
from bot.domain.notices import Copy
from bot.domain.wording.lanes import choices_of
from bot.domain.wording.views import LaneView
from bot.ports import Outside, Transaction, View
from bot.usecases.advance import lane_and_request, redraw


async def keep_copy(outside: Outside, item: InboxItem) -> None:
    """Writes only when the copy is new, or shows what is no longer so."""
    ref = MessageRef(channel=item.channel, ts=item.body.get("message_ts", ""))
    found = await outside.store.read(lambda view: lane_and_request(view, item.body["lane"]))
    if not ref.ts or found is None or found[1].parent is not None:
        return
    request = found[1]
    copy = await outside.store.read(lambda view: _to_be_drawn(view, item, ref, found))
    if copy is None:
        return

    def store(tx: Transaction) -> None:
        tx.add_card(request.id, copy.ref)
        tx.save_copy(request.id, copy)
        redraw(tx, request, outside.clock.now())

    await outside.store.write(store)


def _to_be_drawn(view: View, item: InboxItem, ref: MessageRef, found: tuple[Lane, Request]) -> Copy | None:
    """The copy that was clicked, with what it shows forgotten; None when it is known and up to date."""
    copies = view.copies(found[1].id)
    known = next((copy for copy in copies if copy.ref == ref), None)
    if known is not None:
        return replace(known, shown="") if known.shown and _is_stale(view, item, found[0]) else None
    in_its_channel = ref.channel in {copy.ref.channel for copy in copies}
    return Copy(ref=ref) if in_its_channel else None


def _is_stale(view: View, item: InboxItem, lane: Lane) -> bool:
    """Whether the clicked button would not be drawn now."""
    offered = choices_of(LaneView(lane=lane, members=view.members(lane.id)))
    fits = item.body.get("plan_hash", "") == lane.plan_hash
    return not fits or item.body["click"] not in {choice.click.value for choice in offered}
