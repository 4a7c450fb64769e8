"""Breaking the glass: going without approvals in an emergency, said at once and reviewed afterwards. Never past a forbid, never
past an unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.model import Actor, Glass, Lane, LaneId, Outcome, Request, ShareCommand, Verdict
from bot.domain.parse import parse
from bot.domain.plan import Group
from bot.domain.policy import BreakGlass, Policy, can_break_glass
from bot.domain.states import LaneState


def wants_it(request: Request) -> bool:
    """Whether the command, which is stored as it was typed, asks for it."""
    if request.parent is not None:
        return False
    command = parse(request.text)
    return isinstance(command, ShareCommand) and command.break_glass


def offered(policy: Policy, requester: Actor, request: Request, groups: Sequence[Group]) -> tuple[Group, ...]:
    """The groups, those that need approvals with the glass on offer, or with the reason why it is not."""
    if not wants_it(request):
        return tuple(groups)
    pairs = sum(len(group.pairs) for group in groups)
    result = []
    for group in groups:
        verdict = group.verdict
        if verdict.outcome is Outcome.NEEDS_APPROVALS:
            why = can_break_glass(policy, requester, verdict, reason=request.reason, pairs=pairs)
            if why is None:
                verdict = replace(verdict, glass=Glass.OFFERED)
            else:
                verdict = replace(verdict, warnings=(*verdict.warnings, f"No breaking of glass: {why}"))
        result.append(replace(group, verdict=verdict))
    return tuple(result)


def review_lane(request: Request, broken: Lane, number: int, rule: BreakGlass, at: datetime) -> Lane:
    """The lane in which others look at it afterwards. It has no members: what was done is done."""
    return Lane(
        id=LaneId(f"{request.id}.{number}"),
        request=request.id,
        number=number,
        state=LaneState.AWAITING_APPROVAL,
        verdict=Verdict(
            outcome=Outcome.NEEDS_APPROVALS,
            requirement=rule.review,
            rules=("break-glass",),
            why="The glass was broken; somebody else has to look at it afterwards.",
            glass=Glass.REVIEW,
        ),
        plan_hash=broken.plan_hash,
        created_at=at,
        deadline=at + rule.review_within,
        reminders=(at + rule.review_within / 2,),
    )
