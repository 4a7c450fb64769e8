"""Promise 7: unknown holds, silence never approves, and nobody approves what they were not shown. Judged by what the log says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.domain.model import Actor, AuditEvent, Glass, Outcome
from tests.domain import reference_policy
from tests.invariants.evidence import Evidence
from tests.invariants.rights import asked_of, policies_at

_VOTES = ("lane_approved_by", "lane_rejected_by")


def approved_in_time(evidence: Evidence) -> Iterator[str]:
    """No approval came in after the deadline that its lane got when it last began to wait."""
    for event in evidence.stored.events:
        until = _deadline(evidence, event) if event.kind == "lane_approved_by" else None
        if until is not None and event.at >= until:
            yield f"lane {event.lane} was approved at {event.at:%H:%M:%S}, after its deadline at {until:%H:%M:%S} (event {event.id})"


def _deadline(evidence: Evidence, vote: AuditEvent) -> datetime | None:
    """None when it cannot be known, such as for a lane that another one parted into."""
    begun = [
        event for event in evidence.stored.events
        if event.lane == vote.lane and event.id < vote.id and event.data.get("state") == "awaiting_approval"
        and event.kind not in _VOTES and "job" not in event.data
    ]  # fmt: skip
    if not begun:
        return None
    lasts = _longest_wait(evidence, begun[-1].data.get("policy"))
    return None if lasts is None else begun[-1].at + lasts


def _longest_wait(evidence: Evidence, digest: object) -> timedelta | None:
    known = [one.policy for one in evidence.policies]
    waits = [policy.defaults.expires_after for policy in known if digest in (None, policy.digest)]
    return max(waits, default=None)


def decided_on_what_was_shown(evidence: Evidence) -> Iterator[str]:
    """A decision names the plan that the lane had; a card of another plan decides nothing."""
    for event in evidence.stored.events:
        if event.kind not in _VOTES:
            continue
        plans = {
            other.data["plan_hash"] for other in evidence.stored.events
            if other.lane == event.lane and other.kind not in _VOTES and "plan_hash" in other.data
        }  # fmt: skip
        if plans and event.data.get("plan_hash") not in plans:
            yield f"a decision on lane {event.lane} names a plan that it never had (event {event.id})"


def unknown_holds(evidence: Evidence) -> Iterator[str]:
    """No lane is started while the policy cannot tell, by what the bot had just been told of the requester."""
    events = {event.id: event for event in evidence.stored.events}
    for id, actor in evidence.started_on:
        event = events.get(id)
        if event is not None and event.lane is not None and _holds(evidence, event, actor):
            unread = ", ".join(sorted(actor.unknown_groups))
            yield f"lane {event.lane} was started though nobody could tell whether {actor.person.user} is in {unread}"


def _holds(evidence: Evidence, started: AuditEvent, actor: Actor) -> bool:
    """Whether that is so under each policy that may have been in force, for a pair that ran."""
    if not actor.unknown_groups or started.lane is None:
        return False
    lane = evidence.stored.lane(started.lane)
    request = evidence.stored.request(lane.request)
    if request.parent is not None or lane.verdict.glass is Glass.BROKEN:
        return False
    ran = [member for member in evidence.stored.members_of(lane.id) if member.job is not None]
    policies = policies_at(evidence, evidence.event_at.get(started.id, started.at.timestamp()))
    asks = [
        asked_of(evidence, (request, lane, member), actor, p, member.image, started)
        for member in ran
        for p in policies
    ]
    means = [
        reference_policy.meaning(p, ask).outcome for ask, p in zip(asks, policies * len(ran), strict=True)
    ]
    return bool(means) and all(meaning is Outcome.HOLD for meaning in means)
