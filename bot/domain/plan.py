"""From looked-up facts to lanes: which pairs go now, which wait for whom, which are refused, which are already as asked.

Pure. Follows design section 9; the cloud's own limits (tenants per image) come from `Limits`.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.model import (
    NO_REQUIREMENT,
    Action,
    Actor,
    ImageFacts,
    ImageId,
    ImageKind,
    Lane,
    LaneId,
    Limits,
    Member,
    Outcome,
    ProjectFacts,
    Request,
    Verdict,
)  # fmt: skip
from bot.domain.policy import Ask, Policy, judge, nobody_can_approve
from bot.domain.states import LaneEvent, LaneState, MemberOutcome

Pair = tuple[ImageFacts, ProjectFacts]

ALREADY = Verdict(outcome=Outcome.ALLOW, rules=("already-so",), why="It is already as asked.")
"""The verdict of pairs that need no doing."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Pairs that share one verdict, before they are a lane."""

    verdict: Verdict
    pairs: tuple[Pair, ...]

    @property
    def nothing_to_do(self) -> bool:
        return self.verdict.rules == ALREADY.rules


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of the policy about every pair of a request at one moment."""

    request: Request
    requester: Actor
    at: datetime
    limits: Limits
    pairs: int
    images: int
    projects: int


def question(
    request: Request, requester: Actor, at: datetime, limits: Limits, pairs: Sequence[Pair]
) -> Question:
    """The question that goes with these pairs: their counts are facts for the policy too."""
    return Question(
        request=request,
        requester=requester,
        at=at,
        limits=limits,
        pairs=len(pairs),
        images=len({image.id for image, _ in pairs}),
        projects=len({project.id for _, project in pairs}),
    )


def ask_of(asked: Question, pair: Pair) -> Ask:
    """One pair as the policy is asked about it."""
    request = asked.request
    return Ask(
        action=request.action,
        requester=asked.requester,
        image=pair[0],
        project=pair[1],
        pairs=asked.pairs,
        images=asked.images,
        projects=asked.projects,
        duration=request.duration,
        reason=request.reason,
        channel=request.channel,
        at=asked.at,
    )


def verdict_of(policy: Policy, asked: Question, pair: Pair) -> Verdict:
    """The policy's verdict on one pair now. The one function that judges rights: at submit, at the click, at execution."""
    return judge(policy, ask_of(asked, pair))


def already_so(action: Action, pair: Pair) -> bool:
    """Whether the member list shows already what is asked. An unread list shows nothing."""
    shared = pair[0].shared_with
    if shared is None:
        return False
    return (pair[1].id in shared) == (action is Action.SHARE)


def unread(image: ImageFacts) -> ImageFacts:
    """The image without its member list, which is too old to be believed: a lane with it is looked up before it starts."""
    return replace(image, shared_with=None)


def group_pairs(policy: Policy, asked: Question, pairs: Sequence[Pair]) -> tuple[Group, ...]:
    """The pairs by verdict: those that need the same approvals together, in the order go, wait, hold, refuse, nothing to do."""
    full = _over_tenant_limit(asked, pairs)
    buckets: dict[object, list[tuple[Verdict, Pair]]] = {}
    for pair in pairs:
        if already_so(asked.request.action, pair):
            verdict = ALREADY
        elif pair[0].id in full:
            verdict = full[pair[0].id]
        else:
            verdict = _approvable(policy, asked, verdict_of(policy, asked, pair))
        buckets.setdefault(_lane_key(verdict), []).append((verdict, pair))
    groups = [
        Group(verdict=_joined([v for v, _ in bucket]), pairs=tuple(p for _, p in bucket))
        for bucket in buckets.values()
    ]
    return tuple(sorted(groups, key=lambda g: (_ORDER[g.verdict.outcome], g.nothing_to_do)))


_ORDER = {Outcome.ALLOW: 0, Outcome.NEEDS_APPROVALS: 1, Outcome.HOLD: 2, Outcome.DENY: 3}


def _lane_key(verdict: Verdict) -> object:
    if verdict.outcome in (Outcome.DENY, Outcome.HOLD) or verdict.rules == ALREADY.rules:
        return verdict.outcome, verdict.rules, verdict.why
    return verdict.outcome, verdict.requirement, verdict.self_approval, verdict.share_for


def _joined(verdicts: Sequence[Verdict]) -> Verdict:
    """One verdict for a lane: same requirement, the rules of all, each reason once."""
    rules = tuple(sorted({rule for v in verdicts for rule in v.rules}))
    whys = list(dict.fromkeys(v.why for v in verdicts if v.why))
    why = " ".join(whys[:3]) + (f" (and {len(whys) - 3} more reasons)" if len(whys) > 3 else "")
    warnings = tuple(dict.fromkeys(warning for v in verdicts for warning in v.warnings))
    return replace(verdicts[0], rules=rules, why=why, warnings=warnings)


def _approvable(policy: Policy, asked: Question, verdict: Verdict) -> Verdict:
    """A requirement that nobody can ever meet is a refusal that says so, not a card nobody can press."""
    if verdict.outcome is not Outcome.NEEDS_APPROVALS:
        return verdict
    why = nobody_can_approve(policy, verdict.requirement, asked.request.requester, verdict.self_approval)
    if why is None:
        return verdict
    return replace(verdict, outcome=Outcome.DENY, requirement=NO_REQUIREMENT, why=why)


def _over_tenant_limit(asked: Question, pairs: Sequence[Pair]) -> Mapping[ImageId, Verdict]:
    """Images whose member list would grow past what the cloud allows (256; 10 for full-ECS images)."""
    if asked.request.action is not Action.SHARE:
        return {}
    new = Counter(image.id for image, project in pairs if not already_so(Action.SHARE, (image, project)))
    verdicts: dict[ImageId, Verdict] = {}
    for image in {image.id: image for image, _ in pairs}.values():
        limit = (
            asked.limits.max_tenants_full_ecs
            if image.kind is ImageKind.FULL_ECS
            else asked.limits.max_tenants_per_image
        )
        would_have = len(image.shared_with or ()) + new[image.id]
        if new[image.id] and would_have > limit:
            verdicts[image.id] = Verdict(
                outcome=Outcome.DENY,
                rules=("tenant-limit",),
                why=f"{image.name or image.id} would be shared with {would_have} projects; the cloud allows {limit}.",
                nearest=f"Ask for at most {max(limit - len(image.shared_with or ()), 0)} projects, or take shares back first.",
            )
    return verdicts


# -- lanes -------------------------------------------------------------------------------------------------------

INITIAL: Mapping[Outcome, LaneState] = {
    Outcome.ALLOW: LaneState.APPROVED,
    Outcome.NEEDS_APPROVALS: LaneState.AWAITING_APPROVAL,
    Outcome.HOLD: LaneState.HOLDING,
    Outcome.DENY: LaneState.DENIED,
}
PLANNED_AGAIN: Mapping[Outcome, LaneEvent] = {
    Outcome.ALLOW: LaneEvent.PLANNED_AGAIN_ALLOW,
    Outcome.NEEDS_APPROVALS: LaneEvent.PLANNED_AGAIN_NEEDS_APPROVAL,
    Outcome.HOLD: LaneEvent.STILL_UNKNOWN,
    Outcome.DENY: LaneEvent.PLANNED_AGAIN_DENY,
}


def open_lane(
    request: Request, number: int, group: Group, policy: Policy, at: datetime
) -> tuple[Lane, tuple[Member, ...]]:
    """The lane and members of one group of pairs, in its initial state."""
    state = LaneState.SUCCEEDED if group.nothing_to_do else INITIAL[group.verdict.outcome]
    waits = state in (LaneState.AWAITING_APPROVAL, LaneState.HOLDING)
    deadline = at + policy.defaults.expires_after if waits else None
    lane = Lane(
        id=LaneId(f"{request.id}.{number}"),
        request=request.id,
        number=number,
        state=state,
        verdict=group.verdict,
        plan_hash=plan_hash(request, group.pairs),
        created_at=at,
        deadline=deadline,
        reminders=reminders_of(policy, group.verdict, at, deadline)
        if state is LaneState.AWAITING_APPROVAL
        else (),
        ended_at=at if state in (LaneState.SUCCEEDED, LaneState.DENIED) else None,
    )
    return lane, members_of(lane, group)


def reminders_of(
    policy: Policy, verdict: Verdict, at: datetime, deadline: datetime | None
) -> tuple[datetime, ...]:
    """When its approvers are reminded and its wait is escalated, soonest first."""
    steps = {*policy.defaults.remind, *(e.after for e in policy.escalations_of(verdict.rules))}
    return tuple(at + after for after in sorted(steps) if deadline is None or at + after < deadline)


def members_of(lane: Lane, group: Group) -> tuple[Member, ...]:
    """The members a group of pairs becomes in a lane."""
    if group.nothing_to_do:
        outcome, detail = MemberOutcome.NOTHING_TO_DO, ""
    elif group.verdict.outcome is Outcome.DENY:
        outcome, detail = MemberOutcome.NOT_RUN, group.verdict.why
    else:
        outcome, detail = MemberOutcome.PENDING, ""
    return tuple(
        Member(lane=lane.id, image=image, project=project, outcome=outcome, detail=detail)
        for image, project in group.pairs
    )


def plan_hash(request: Request, pairs: Iterable[Pair]) -> str:
    """32 hex digits that stand for exactly this content: who asked what for which pairs, why and for how long, and the facts
    of the images a human would decide by. Not for what is required: a requirement may grow without voiding approvals."""
    content = {
        "action": request.action,
        "requester": [request.requester.team, request.requester.user],
        "reason": request.reason,
        "seconds": None if request.duration is None else int(request.duration.total_seconds()),
        "pairs": sorted(
            [
                image.id,
                project.id,
                image.name,
                image.kind,
                image.encrypted,
                image.owner,
                project.name,
                project.env,
            ]
            for image, project in pairs
        ),
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
