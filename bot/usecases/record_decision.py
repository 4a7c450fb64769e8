"""An approver's click on a lane, judged under the rights, the policy and the deadline of this moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.choosing import Parted
from bot.domain.in_force import InForce, in_force, refused_now
from bot.domain.lifecycle import Ballot, Ignored, Recorded, close_members, decide, step
from bot.domain.model import Actor, ClickKind, Due, Glass, InboxItem, Lane, Outcome, Request
from bot.domain.plan import question
from bot.domain.states import LaneEvent, LaneState
from bot.domain.wording import thread
from bot.ports import Outside, Transaction
from bot.usecases.advance import Happened, lane_and_request, save_step, tell_thread
from bot.usecases.look_up import actor
from bot.usecases.part_lane import NOTHING_CHOSEN, part_lane, parted
from bot.usecases.pass_deadline import pass_deadline_now
from bot.usecases.refuse_click import UNKNOWN_LANE, click_done, refuse_click
from bot.usecases.review_glass import review


async def record_decision(outside: Outside, due: Due, item: InboxItem) -> None:
    """Exactly one effect: the decision counts and the card moves on, or the clicker is told privately why not.

    People are looked up before the transaction; state, hash, deadline and earlier decisions are read inside it, so that of two
    racing clicks the second finds what the first has done.
    """
    found = await outside.store.read(lambda view: lane_and_request(view, item.body["lane"]))
    clicker = await actor(outside, item.person)
    requester = None if found is None else await actor(outside, found[1].requester)

    def store(tx: Transaction) -> None:
        now = outside.clock.now()
        current = lane_and_request(tx, item.body["lane"])
        if current is None or requester is None:
            refuse_click(tx, item, None, UNKNOWN_LANE, now)
        else:
            _judge(tx, outside, item, current, (clicker, requester))
        click_done(tx, due, item, now)

    await outside.store.write(store)


def _judge(
    tx: Transaction,
    outside: Outside,
    item: InboxItem,
    found: tuple[Lane, Request],
    people: tuple[Actor, Actor],
) -> None:
    lane, request = found
    now = outside.clock.now()
    members = tx.members(lane.id)
    clicker, requester = people
    if (
        lane.state is LaneState.AWAITING_APPROVAL
        and lane.deadline is not None
        and item.received_at >= lane.deadline
    ):
        pass_deadline_now(tx, request, lane, now)
        refuse_click(tx, item, found, "Too late: the time for a decision had run out.", now)
        return
    if lane.verdict.glass is Glass.REVIEW:
        review(tx, item, found, clicker, _approves(item))
        return
    pairs = [(m.image, m.project) for m in members]
    asked = question(request, requester, now, outside.limits, pairs)
    force = in_force(outside.policy(), asked, lane, members)
    why = _held(force) if _approves(item) and lane.state is LaneState.AWAITING_APPROVAL else None
    if why is not None:
        refuse_click(tx, item, found, why, now)
        return
    ballot = Ballot(
        actor=clicker, approve=_approves(item), plan_hash=item.body["plan_hash"], at=item.received_at,
        reason=item.body.get("reason", ""),
    )  # fmt: skip
    parts = parted(item, members)
    if not parts.chosen:
        refuse_click(tx, item, found, NOTHING_CHOSEN, now)
        return
    outcome = decide(lane, force.verdict, request.requester, ballot, tx.decisions(lane.id))
    if isinstance(outcome, Ignored):
        refuse_click(tx, item, found, outcome.why, now)
        return
    if parts.rest and force.members:
        outcome = part_lane(tx, request, lane, outcome, parts)
    _record(tx, request, outcome, force, parts)


def _approves(item: InboxItem) -> bool:
    return item.body["click"] != ClickKind.REJECT.value


def _held(force: InForce) -> str | None:
    """Why an approval cannot be taken just now although the lane waits for one."""
    if force.verdict.outcome is Outcome.HOLD:
        return f"Something the policy needs to know cannot be found out just now: {force.verdict.why} Please try again."
    return None


def _record(tx: Transaction, request: Request, outcome: Recorded, force: InForce, parts: Parted) -> None:
    decision, lane = outcome.decision, outcome.lane
    at: datetime = decision.at
    tx.add_decision(decision)
    happened = Happened(
        kind="lane_approved_by" if decision.approve else "lane_rejected_by",
        at=at,
        actor=decision.person,
        data={
            "plan_hash": decision.plan_hash,
            "reason": decision.reason,
            "groups": sorted(decision.groups),
            "missing": outcome.missing,
        },
    )
    if not force.members and decision.approve:
        forbidden = step(replace(lane, state=LaneState.AWAITING_APPROVAL), LaneEvent.POLICY_NOW_FORBIDS, at)
        changed = refused_now(force)
        save_step(tx, request, forbidden, happened, members=changed)
        tell_thread(tx, request, thread.now_forbidden(changed), at)
        return
    members = parts.chosen
    changed = () if decision.approve else close_members(members, f"rejected: {decision.reason}".rstrip(": "))
    save_step(tx, request, lane, happened, members=changed)
    tell_thread(tx, request, thread.decided(outcome, members, waiting=len(parts.rest)), at)
