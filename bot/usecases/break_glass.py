"""The requester goes without the approvals, in an emergency: rights judged at this moment, said at once, reviewed afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.glass import review_lane
from bot.domain.in_force import in_force
from bot.domain.lifecycle import in_state, step
from bot.domain.model import Actor, Decision, Due, Glass, InboxItem, Lane, Outcome, Request
from bot.domain.notices import NoticeDraft, NoticeKind
from bot.domain.plan import question
from bot.domain.policy import can_break_glass
from bot.domain.states import LaneEvent, LaneState
from bot.domain.wording import glass
from bot.ports import Outside, Transaction
from bot.usecases.advance import Happened, lane_and_request, save_step, schedule, tell_thread
from bot.usecases.look_up import actor
from bot.usecases.refuse_click import UNKNOWN_LANE, click_done, refuse_click


async def break_glass(outside: Outside, due: Due, item: InboxItem) -> None:
    """The Break Glass button, pressed and confirmed."""
    clicker = await actor(outside, item.person)

    def store(tx: Transaction) -> None:
        now = outside.clock.now()
        found = lane_and_request(tx, item.body["lane"])
        why = UNKNOWN_LANE if found is None else _refusal(tx, outside, item, found, clicker)
        if why is not None or found is None:
            refuse_click(tx, item, found, why or UNKNOWN_LANE, now)
        else:
            _break(tx, outside, found, clicker, now)
        click_done(tx, due, item, now)

    await outside.store.write(store)


def _refusal(
    tx: Transaction, outside: Outside, item: InboxItem, found: tuple[Lane, Request], clicker: Actor
) -> str | None:
    """Why it may not, judged under the policy of this moment. Nothing gets past a forbid or an unknown."""
    lane, request = found
    if lane.state is not LaneState.AWAITING_APPROVAL:
        return f"This no longer waits for approvals: it is {in_state(lane.state)}."
    if lane.plan_hash != item.body["plan_hash"]:
        return "This card is out of date. Please use the newest card."
    if lane.deadline is not None and item.received_at >= lane.deadline:
        return "Too late: the time for it has run out."
    if request.requester != item.person or lane.verdict.glass is not Glass.OFFERED:
        return "Only the person who asked, with --break-glass, can break the glass."
    members = tx.members(lane.id)
    asked = question(
        request, clicker, outside.clock.now(), outside.limits, [(m.image, m.project) for m in members]
    )
    force = in_force(outside.policy(), asked, lane, members)
    if force.verdict.outcome is Outcome.HOLD:
        return f"Something the policy needs to know cannot be found out just now: {force.verdict.why}"
    if force.forbidden:
        return (
            f"The policy forbids it now, and breaking the glass does not change that: {force.forbidden[0][1]}"
        )
    pairs = sum(len(tx.members(other.id)) for other in tx.lanes(request.id))
    return can_break_glass(outside.policy(), clicker, force.verdict, reason=request.reason, pairs=pairs)


def _break(
    tx: Transaction, outside: Outside, found: tuple[Lane, Request], clicker: Actor, now: datetime
) -> None:
    lane, request = found
    policy = outside.policy()
    rule = policy.break_glass
    if rule is None:
        return
    tx.add_decision(
        Decision(
            lane=lane.id, person=clicker.person, approve=True, plan_hash=lane.plan_hash, at=now, reason=request.reason,
            groups=clicker.groups,
        )
    )  # fmt: skip
    broken = step(
        replace(lane, verdict=replace(lane.verdict, glass=Glass.BROKEN)), LaneEvent.GLASS_BROKEN, now
    )
    number = max(other.number for other in tx.lanes(request.id)) + 1
    review = review_lane(request, lane, number, rule, now)
    tx.add_lane(review, ())
    schedule(tx, review, now)
    happened = Happened(
        kind="glass_broken", at=now, actor=clicker.person,
        data={"reason": request.reason, "review": review.id, "policy": policy.digest},
    )  # fmt: skip
    save_step(tx, request, broken, happened)
    message = glass.announcement(request, tx.members(lane.id), rule, policy.groups)
    tell_thread(tx, request, message, now)
    tx.add_notice(NoticeDraft(kind=NoticeKind.CHANNEL, channel=request.card_channel, message=message), now)
