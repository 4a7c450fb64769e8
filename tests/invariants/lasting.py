"""Promises 1 and 3 over time: a share that was allowed for a time ends with it, and what is done is not done once more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.domain.model import Action, DueKind, Lane, LaneId, Member
from bot.domain.states import MemberOutcome
from tests.invariants.evidence import Evidence


def shares_end(evidence: Evidence) -> Iterator[str]:
    """Whatever is shared for a time is due to be taken back, was asked to be, or is shared for longer by another request."""
    stored = evidence.stored
    due = {row.subject for row in stored.due if row.kind is DueKind.TAKE_BACK}
    for lane in stored.lanes:
        if lane.id in due or stored.request(lane.request).action is not Action.SHARE:
            continue
        for member in stored.members_of(lane.id):
            until = member.shared_until
            if member.outcome is not MemberOutcome.DONE or until is None:
                continue
            if not _asked_back(evidence, lane, member) and not _kept(evidence, member, until):
                yield f"{member.pair} of lane {lane.id} is shared until {until:%d.%m. %H:%M}, and nobody takes it back"


def _asked_back(evidence: Evidence, lane: Lane, member: Member) -> bool:
    stored = evidence.stored
    return any(
        member.pair == other.pair
        for request in stored.requests if request.parent == lane.request
        for theirs in stored.lanes_of(request.id) for other in stored.members_of(theirs.id)
    )  # fmt: skip


def _kept(evidence: Evidence, member: Member, until: datetime) -> bool:
    return any(
        other.pair == member.pair and other.lane != member.lane and other.outcome is MemberOutcome.DONE
        and (other.shared_until is None or other.shared_until > until)
        for other in evidence.stored.members
    )  # fmt: skip


def only_what_failed_is_retried(evidence: Evidence) -> Iterator[str]:
    """A lane that tries another one again holds nothing but what failed there."""
    for event in evidence.stored.events:
        if event.kind != "lane_retried" or event.lane is None:
            continue
        before = evidence.stored.members_of(LaneId(str(event.data["of"])))
        failed = {member.pair for member in before if member.outcome is MemberOutcome.FAILED}
        for member in evidence.stored.members_of(event.lane):
            if member.pair not in failed:
                yield f"lane {event.lane} tries {member.pair} again, which did not fail in lane {event.data['of']}"
