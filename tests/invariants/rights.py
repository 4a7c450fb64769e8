"""Promises 1 and 7: nothing is shared that the policy did not allow and enough distinct, eligible people did not approve. Read
by tests.domain.reference_policy alone, from what was really so at the time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from bot.domain.model import (
    Action,
    Actor,
    AuditEvent,
    Glass,
    ImageFacts,
    Lane,
    Member,
    Outcome,
    Person,
    Request,
)
from bot.domain.policy import Ask, Policy, Vote
from tests.domain import reference_policy
from tests.invariants.evidence import Call, Evidence

VOTED = ("lane_approved_by", "lane_rejected_by")


def shared_by_right(evidence: Evidence) -> Iterator[str]:
    """Every pair of every call belonged to a lane that had the right to it when it was started."""
    for call in evidence.calls:
        lanes = _lanes_of(evidence, call)
        whys = [_wrong(evidence, lane, call) for lane in lanes]
        if all(whys):
            reasons = "; ".join(f"lane {lane.id}: {why}" for lane, why in zip(lanes, whys, strict=True))
            where = f"{call.action.value} of {call.pairs} at {call.at:.1f} s"
            yield f"{where} had no right to it: {reasons or 'no lane asked for exactly this'}"


def votes_count(evidence: Evidence) -> Iterator[str]:
    """Every decision that counts is of a person who could decide then, each person once, and one rejection ends its lane."""
    stored = evidence.stored
    for decision in stored.decisions:
        lane = stored.lane(decision.lane)
        if (seat := (decision.lane, decision.person)) and sum(
            (d.lane, d.person) == seat for d in stored.decisions
        ) > 1:
            yield f"{decision.person.user} decided twice on lane {lane.id}"
        if not decision.approve and lane.state.value != "rejected":
            yield f"{decision.person.user} rejected lane {lane.id}, and it is {lane.state.value}"
        if decision.person.team != evidence.team:
            yield f"{decision.person.user} of another workspace decided on lane {lane.id}"
    for event in stored.events:
        if event.kind in VOTED and event.actor is not None:
            yield from _wrong_vote(evidence, event, event.actor)


def _wrong_vote(evidence: Evidence, event: AuditEvent, person: Person) -> Iterator[str]:
    claimed = set(event.data.get("groups", ()))  # type: ignore[call-overload]
    possible: set[str] = set()
    for actor, _ in _actors(evidence, person, _when(evidence, event)):
        possible |= set(actor.groups)
    if claimed - possible:
        yield f"{person.user} is said to be of {sorted(claimed - possible)} in event {event.id}, and was not"


def _lanes_of(evidence: Evidence, call: Call) -> list[Lane]:
    """Lanes with a job of exactly this content."""
    wanted = (call.action, call.images, call.projects)
    ids = dict.fromkeys(
        job.lane for job in evidence.stored.jobs if (job.action, job.images, job.projects) == wanted
    )
    return [evidence.stored.lane(id) for id in ids]


def _wrong(evidence: Evidence, lane: Lane, call: Call) -> str:
    """Why this lane gives no right to the call; empty when it does."""
    stored = evidence.stored
    request = stored.request(lane.request)
    members = [m for m in stored.members_of(lane.id) if m.pair in set(call.pairs)]
    if len(members) != len(call.pairs):
        return "some pairs are not its members"
    if request.parent is not None:
        return _wrong_end(evidence, request, members, call)
    started = [
        event for event in stored.events
        if event.kind == "lane_started" and event.lane == lane.id and _when(evidence, event) <= call.at
    ]  # fmt: skip
    if not started:
        return "it was never started"
    for member in members:
        why = _wrong_member(evidence, (request, lane, member), started[-1])
        if why:
            return why
    return ""


def _wrong_end(evidence: Evidence, request: Request, members: list[Member], call: Call) -> str:
    """The end of a share for a time needs the share, and that its time is over."""
    if call.action is not Action.UNSHARE:
        return "the end of a share only takes back"
    shares = {
        m.pair: m for lane in evidence.stored.lanes_of(request.parent or request.id)
        for m in evidence.stored.members_of(lane.id) if m.shared_until is not None
    }  # fmt: skip
    early = [m for m in members if m.pair not in shares or shares[m.pair].shared_until > request.created_at]  # type: ignore[operator]
    return "the time of the share is not over" if early else ""


def _wrong_member(evidence: Evidence, asked: tuple[Request, Lane, Member], started: AuditEvent) -> str:
    """Tried with everything that was so within the time in which look-ups may be old: one way of being right suffices."""
    request, _, member = asked
    at = _when(evidence, started)
    whys: dict[str, None] = {}
    for policy, image in product(policies_at(evidence, at), _images(evidence, member, at)):
        for actor, groups in _actors(evidence, request.requester, at):
            del groups
            ask = asked_of(evidence, asked, actor, policy, image, started)
            why = _judged(evidence, asked, policy, ask, at)
            if not why:
                return ""
            whys[why] = None
    return f"{member.pair}: {' / '.join(whys) or 'there is no such image'}"


def _judged(
    evidence: Evidence, asked: tuple[Request, Lane, Member], policy: Policy, ask: Ask, at: float
) -> str:
    request, lane, _ = asked
    meaning = reference_policy.meaning(policy, ask)
    if meaning.outcome in (Outcome.DENY, Outcome.HOLD):
        return f"the policy says {meaning.outcome.value} by {sorted(meaning.rules)}"
    if lane.verdict.glass is Glass.BROKEN:
        return _glass(evidence, asked, policy, at)
    own = meaning.self_approval or meaning.outcome is Outcome.ALLOW
    votes = _votes(evidence, lane, request, at, own=own)
    if not reference_policy.met(reference_policy.ways(meaning.parts), votes):
        return f"the approvals of {[vote.person.user for vote in votes]} are not enough"
    return _pinned(evidence, asked, ask, votes)


def _pinned(evidence: Evidence, asked: tuple[Request, Lane, Member], ask: Ask, votes: list[Vote]) -> str:
    """What was required when the plan was made is required still."""
    request, lane, _ = asked
    planned = [e for e in evidence.stored.events if e.kind == "lane_planned" and e.request == request.id]
    digests = {
        e.data.get("policy") for e in planned if e.lane == lane.id and e.data.get("state") != "holding"
    }
    for policy in {
        p.policy.digest: p.policy for p in evidence.policies if p.policy.digest in digests
    }.values():
        then = reference_policy.meaning(policy, ask)
        if then.outcome is Outcome.NEEDS_APPROVALS and not reference_policy.met(
            reference_policy.ways(then.parts), votes
        ):
            return "less was approved than the plan was shown to need"
    return ""


def _glass(evidence: Evidence, asked: tuple[Request, Lane, Member], policy: Policy, at: float) -> str:
    request, lane, _ = asked
    broken = [e for e in evidence.stored.events if e.kind == "glass_broken" and e.actor == request.requester]
    pairs = sum(len(evidence.stored.members_of(other.id)) for other in evidence.stored.lanes_of(request.id))
    for event in broken:
        moment = _when(evidence, event)
        for force, (actor, _) in product(
            policies_at(evidence, moment), _actors(evidence, request.requester, moment)
        ):
            few = min(pairs, len(evidence.stored.members_of(lane.id)))
            if reference_policy.may_break_glass(
                force.break_glass, actor, Outcome.NEEDS_APPROVALS, request.reason, few
            ):
                return ""
    return "its glass was broken without the right to"


def _votes(evidence: Evidence, lane: Lane, request: Request, at: float, *, own: bool) -> list[Vote]:
    """Approvals of eligible people, with the groups they were really in when they approved."""
    votes = []
    for decision in evidence.stored.decisions_of(lane.id):
        if not decision.approve or (decision.person == request.requester and not own):
            continue
        moment = _decided(evidence, request, decision.person)
        if moment is None or moment > at:
            continue
        groups: frozenset[str] = frozenset()
        for actor, _ in _actors(evidence, decision.person, moment):
            groups |= actor.groups
        if decision.person.team == evidence.team:
            votes.append(Vote(person=decision.person, groups=groups & decision.groups))  # type: ignore[arg-type]
    return votes


def _decided(evidence: Evidence, request: Request, person: Person) -> float | None:
    """When the log says that this person first approved something of the request."""
    times = [
        _when(evidence, event) for event in evidence.stored.events
        if event.kind == "lane_approved_by" and event.request == request.id and event.actor == person
    ]  # fmt: skip
    return min(times, default=None)


# -- what was so at a time, give or take -----------------------------------------------------------------------


def _when(evidence: Evidence, event: AuditEvent) -> float:
    return evidence.event_at.get(event.id, event.at.timestamp())


def policies_at(evidence: Evidence, at: float) -> list[Policy]:
    since = at - evidence.staleness + evidence.lookup_age
    before = [one for one in evidence.policies if one.at <= since][-1:]
    return [one.policy for one in (*before, *(p for p in evidence.policies if since < p.at <= at))]


def _images(evidence: Evidence, member: Member, at: float) -> list[ImageFacts]:
    since = at - 2 * evidence.staleness
    known = [one for one in evidence.images if one.image == member.image.id]
    before = [one for one in known if one.at <= since][-1:]
    return [
        one.facts for one in (*before, *(p for p in known if since < p.at <= at)) if one.facts is not None
    ]


def _actors(evidence: Evidence, person: Person, at: float) -> Iterator[tuple[Actor, frozenset[str]]]:
    """The person as they were at each moment of the time."""
    since = at - evidence.staleness
    moments = [since, *(one.at for one in evidence.groups if since < one.at <= at)]
    policy = policies_at(evidence, at)[-1]
    seen = set()
    for moment in moments:
        standing: dict[str, frozenset[str]] = {}
        for one in evidence.groups:
            if one.at <= max(moment, 0.0):
                standing[one.usergroup] = one.users
        groups = frozenset(
            name for name, group in policy.groups.items()
            if person.user in group.slack_users or person.user in standing.get(group.slack_usergroup or "", ())
        )  # fmt: skip
        if person.team != evidence.team:
            groups = frozenset()
        if groups not in seen:
            seen.add(groups)
            yield (
                Actor(
                    person=person,
                    groups=groups,
                    is_guest=False,
                    is_bot=False,
                    is_deactivated=False,
                    is_foreign=False,
                ),
                groups,
            )


def asked_of(
    evidence: Evidence,
    asked: tuple[Request, Lane, Member],
    actor: Actor,
    policy: Policy,
    image: ImageFacts,
    started: AuditEvent,
) -> Ask:
    request, lane, member = asked
    members = evidence.stored.members_of(lane.id)
    return Ask(
        action=request.action, requester=actor, image=image, project=policy.project(member.project.id) or member.project,
        pairs=len(members), images=len({m.image.id for m in members}), projects=len({m.project.id for m in members}),
        duration=request.duration, reason=request.reason, channel=request.channel, at=started.at,
    )  # fmt: skip
