"""A lane that nobody decided, or whose facts stayed unknown, ends at its deadline; before that its approvers are reminded."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.lifecycle import close_members, countable, step
from bot.domain.model import Due, DueKind, Glass, Lane, Request
from bot.domain.notices import Message, Topic
from bot.domain.policy import still_missing
from bot.domain.states import LaneEvent, LaneState
from bot.domain.wording import glass, thread
from bot.domain.wording.pairs import named, needed
from bot.ports import Outside, Transaction
from bot.usecases.advance import Happened, lane_and_request, save_step, tell_thread


async def pass_deadline(outside: Outside, due: Due) -> None:
    """Acts on a DEADLINE row."""

    def store(tx: Transaction) -> None:
        now = outside.clock.now()
        tx.finish(due)
        found = lane_and_request(tx, due.subject)
        if found is None or found[0].deadline is None:
            return
        lane, request = found
        if lane.deadline is not None and now < lane.deadline:
            tx.plan_work(DueKind.DEADLINE, lane.id, lane.deadline)
            return
        pass_deadline_now(tx, request, lane, now)

    await outside.store.write(store)


def pass_deadline_now(tx: Transaction, request: Request, lane: Lane, now: datetime) -> None:
    """The lane ends as expired, in the caller's transaction."""
    if lane.state not in (LaneState.AWAITING_APPROVAL, LaneState.HOLDING):
        return
    members = tx.members(lane.id)
    held = lane.state is LaneState.HOLDING
    note = f"Could not be found out in time: {lane.verdict.why}" if held else ""
    after = step(lane, LaneEvent.DEADLINE_PASSED, now, note=note)
    closed = close_members(members, "expired")
    save_step(tx, request, after, Happened(kind="lane_expired", at=now), members=closed)
    review = lane.verdict.glass is Glass.REVIEW
    message = glass.not_reviewed() if review else thread.expired(after, members)
    tell_thread(tx, request, message, now, topic=Topic.REPORT)


async def remind(outside: Outside, due: Due) -> None:
    """Acts on a REMIND row: the approvers are mentioned under the card once more."""

    def store(tx: Transaction) -> None:
        now = outside.clock.now()
        tx.finish(due)
        found = lane_and_request(tx, due.subject)
        if found is None or found[0].state is not LaneState.AWAITING_APPROVAL:
            return
        lane, request = found
        late = [r for r in lane.reminders if r <= now]
        rest = tuple(r for r in lane.reminders if r > now)
        if late:
            tx.save_lane(replace(lane, reminders=rest))
            tell_thread(tx, request, _reminder(tx, outside, found, late), now, topic=Topic.REMINDER)
            tx.record("lane_reminded", at=now, request=request.id, lane=lane.id)
        if rest:
            tx.plan_work(DueKind.REMIND, lane.id, rest[0])

    await outside.store.write(store)


def _reminder(
    tx: Transaction, outside: Outside, found: tuple[Lane, Request], late: list[datetime]
) -> Message:
    """The approvers once more, and those to whom a rule escalates by now."""
    lane, request = found
    if lane.verdict.glass is Glass.REVIEW:
        return glass.to_be_reviewed()
    policy = outside.policy()
    missing = still_missing(
        lane.verdict.requirement, countable(tx.decisions(lane.id), lane.verdict, request.requester)
    )
    up = frozenset(
        name
        for escalation in policy.escalations_of(lane.verdict.rules)
        if lane.created_at + escalation.after in late
        for name in escalation.to
    )
    return thread.reminder(
        lane, tx.members(lane.id), needed(missing, policy.groups), named(up, policy.groups)
    )
