"""What holds now for a lane that was planned earlier: its pinned verdict merged with today's policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.lifecycle import close_members
from bot.domain.model import NO_REQUIREMENT, Glass, Lane, Member, Outcome, Verdict
from bot.domain.plan import Question, verdict_of
from bot.domain.policy import Policy, merge


@dataclass(frozen=True, kw_only=True)
class InForce:
    """A pinned verdict merged with today's policy: which members may still go, and under what."""

    verdict: Verdict
    """The lane's verdict, its requirement merged with today's; hold when a fact is unknown just now."""
    forbidden: tuple[tuple[Member, str], ...] = ()
    """Members that today's policy refuses, with the reason."""
    members: tuple[Member, ...] = ()
    """The others."""


def refused_now(force: InForce) -> tuple[Member, ...]:
    """The forbidden members that had not run yet, closed, each with the policy's reason."""
    return tuple(
        closed
        for member, why in force.forbidden
        for closed in close_members([member], f"the policy no longer allows it: {why}")
    )


def in_force(policy: Policy, asked: Question, lane: Lane, members: Sequence[Member]) -> InForce:
    """What holds now for a lane that was planned earlier: a requirement can grow, never shrink; a new forbid bites; an unknown
    fact makes the lane wait. The end of a time-limited share was part of the approved plan and is not judged again."""
    if asked.request.parent is not None:
        return InForce(verdict=lane.verdict, members=tuple(members))
    forbidden: list[tuple[Member, str]] = []
    kept: list[Member] = []
    requirement, self_approval, hold = lane.verdict.requirement, lane.verdict.self_approval, ""
    times = [lane.verdict.share_for]
    for member in members:
        now = verdict_of(policy, asked, (member.image, member.project))
        if now.outcome is Outcome.DENY:
            forbidden.append((member, now.why))
            continue
        kept.append(member)
        times.append(now.share_for)
        if now.outcome is Outcome.HOLD:
            hold = hold or now.why
        elif now.outcome is Outcome.NEEDS_APPROVALS:
            requirement = merge(requirement, now.requirement)
            self_approval = self_approval and now.self_approval
    if lane.verdict.glass is Glass.BROKEN:
        requirement = NO_REQUIREMENT
    outcome = lane.verdict.outcome
    if hold:
        outcome = Outcome.HOLD
    elif requirement != NO_REQUIREMENT:
        outcome = Outcome.NEEDS_APPROVALS
    verdict = replace(
        lane.verdict,
        outcome=outcome,
        requirement=requirement,
        self_approval=self_approval,
        share_for=min((time for time in times if time is not None), default=None),
        why=hold or lane.verdict.why,
    )
    return InForce(verdict=verdict, forbidden=tuple(forbidden), members=tuple(kept))
