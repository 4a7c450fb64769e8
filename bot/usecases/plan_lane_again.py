"""A lane on hold is planned again: its facts are looked up anew, and its members go where the verdicts now send them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.lifecycle import step
from bot.domain.model import Due, Lane, Member, Request
from bot.domain.plan import (
    PLANNED_AGAIN,
    Group,
    group_pairs,
    members_of,
    open_lane,
    plan_hash,
    question,
    reminders_of,
)
from bot.domain.states import LaneEvent, LaneState
from bot.domain.wording.held import Planned, known_now
from bot.ports import Outside, Transaction
from bot.usecases.advance import Happened, lane_and_request, save_step, schedule, tell_thread
from bot.usecases.look_up import actor, refresh


async def plan_lane_again(outside: Outside, due: Due) -> None:
    """Acts on a PLAN row whose subject is a lane. Members whose verdicts now differ part into lanes of their own."""
    found = await outside.store.read(lambda view: lane_and_request(view, due.subject))
    if found is None or found[0].state is not LaneState.HOLDING:
        await outside.store.write(lambda tx: tx.finish(due))
        return
    lane, request = found
    members = await outside.store.read(lambda view: view.members(lane.id))
    groups = await _judge_again(outside, request, members)

    def store(tx: Transaction) -> None:
        current = tx.lane(lane.id)
        tx.finish(due)
        if current is None or current.state is not LaneState.HOLDING:
            return
        if _as_it_was(current, members, groups):
            schedule(tx, current, outside.clock.now())
            return
        _regroup(tx, outside, request, current, groups)

    await outside.store.write(store)


async def _judge_again(outside: Outside, request: Request, members: Sequence[Member]) -> tuple[Group, ...]:
    images = {m.image.id: m.image for m in members}
    fresh = {image.id: image for image in await refresh(outside, list(images.values()))}
    requester = await actor(outside, request.requester)
    policy = outside.policy()
    pairs = tuple((fresh[m.image.id], policy.project(m.project.id) or m.project) for m in members)
    asked = question(request, requester, outside.clock.now(), outside.limits, pairs)
    return group_pairs(policy, asked, pairs)


def _as_it_was(lane: Lane, members: Sequence[Member], groups: Sequence[Group]) -> bool:
    """Nothing was found out: nothing to say, and nothing to record twice a minute for a day."""
    before = tuple((m.image, m.project) for m in members)
    return [(group.verdict, group.pairs) for group in groups] == [(lane.verdict, before)]


def _regroup(
    tx: Transaction, outside: Outside, request: Request, lane: Lane, groups: Sequence[Group]
) -> None:
    """The first group stays in the lane, the others get lanes of their own, numbered after the last. The thread is told."""
    now, policy = outside.clock.now(), outside.policy()
    first, *others = groups
    event = (
        LaneEvent.PLANNED_AGAIN_NOTHING_TO_DO if first.nothing_to_do else PLANNED_AGAIN[first.verdict.outcome]
    )
    after = step(replace(lane, verdict=first.verdict, plan_hash=plan_hash(request, first.pairs)), event, now)
    if after.state is LaneState.AWAITING_APPROVAL:
        deadline = now + policy.defaults.expires_after
        after = replace(
            after, deadline=deadline, reminders=reminders_of(policy, after.verdict, now, deadline)
        )
    tx.drop_members(lane.id)
    planned = [(after, members_of(after, first)), *_parted(tx, outside, request, others, now)]
    happened = Happened(kind="lane_planned_again", at=now, data=_planned(after, first, policy.digest))
    save_step(tx, request, after, happened, members=planned[0][1])
    known = any(each.state is not LaneState.HOLDING for each, _ in planned)
    if known:  # another reason to wait is not worth a call
        tell_thread(tx, request, known_now(request, planned, policy.groups), now)


def _parted(
    tx: Transaction, outside: Outside, request: Request, groups: Sequence[Group], now: datetime
) -> list[Planned]:
    """The groups as lanes of their own."""
    policy, number = outside.policy(), max(other.number for other in tx.lanes(request.id))
    planned: list[Planned] = []
    for offset, group in enumerate(groups, start=1):
        new, members = open_lane(request, number + offset, group, policy, now)
        tx.add_lane(new, members)
        data = _planned(new, group, policy.digest)
        tx.record("lane_planned", at=now, request=request.id, lane=new.id, data=data)
        schedule(tx, new, now)
        planned.append((new, members))
    return planned


def _planned(lane: Lane, group: Group, policy: str) -> dict[str, object]:
    """For the audit log: what was judged, by which policy, and why."""
    return {
        "state": lane.state.value, "rules": list(group.verdict.rules), "plan_hash": lane.plan_hash,
        "why": group.verdict.why, "pairs": [[image.id, project.id] for image, project in group.pairs], "policy": policy,
    }  # fmt: skip
