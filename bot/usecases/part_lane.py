"""Some members of a lane are approved, the rest waits on: the lane parts in two, in the transaction of the decision."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.choosing import Parted, Selection, part, rest_lane
from bot.domain.lifecycle import Recorded
from bot.domain.model import InboxItem, Lane, LaneId, Member, Request
from bot.domain.notices import Message
from bot.domain.plan import plan_hash
from bot.domain.states import LaneState
from bot.domain.wording import replies
from bot.ports import Outside, Transaction
from bot.usecases.advance import schedule

NOTHING_CHOSEN = "Nothing was chosen that is still in this part of the request. To refuse it, press Reject."


async def choices(outside: Outside, lane: str, hash: str) -> tuple[Member, ...] | Message:
    """The members of a lane that waits for approval, to choose from; or why there is nothing to choose. Only reads."""
    found = await outside.store.read(lambda view: view.lane(LaneId(lane)))
    if found is None or found.plan_hash != hash:
        return replies.click_ignored("This card is out of date. Please use the newest card.")
    if found.state is not LaneState.AWAITING_APPROVAL:
        return replies.click_ignored("This no longer waits for a decision.")
    return await outside.store.read(lambda view: view.members(found.id))


def parted(item: InboxItem, members: tuple[Member, ...]) -> Parted:
    """The members as the click parts them; all are chosen when it names none."""
    chosen = item.body.get("chosen", "")
    return part(members, Selection.from_text(chosen)) if chosen else Parted(chosen=members, rest=())


def part_lane(tx: Transaction, request: Request, lane: Lane, recorded: Recorded, parts: Parted) -> Recorded:
    """The decision, bound to exactly the chosen members; the others wait on in a new lane with the approvals there were."""
    number = max(other.number for other in tx.lanes(request.id)) + 1
    rest, members = rest_lane(request, lane, parts.rest, number)
    tx.drop_members(lane.id)
    tx.save_members(parts.chosen)
    tx.add_lane(rest, members)
    for earlier in tx.decisions(lane.id):
        tx.add_decision(replace(earlier, lane=rest.id, plan_hash=rest.plan_hash))
    hash = plan_hash(request, [(m.image, m.project) for m in parts.chosen])
    at = recorded.decision.at
    tx.record(
        "lane_parted", at=at, actor=recorded.decision.person, request=request.id, lane=lane.id,
        data={"rest": rest.id, "pairs": [list(m.pair) for m in parts.chosen], "plan_hash": hash},
    )  # fmt: skip
    schedule(tx, rest, at)
    return replace(
        recorded,
        lane=replace(recorded.lane, plan_hash=hash),
        decision=replace(recorded.decision, plan_hash=hash),
    )
