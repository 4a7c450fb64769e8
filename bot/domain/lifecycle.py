"""What follows: a lane after an event. One named function per legal step; nobody builds a changed Lane by hand.

Every function raises IllegalStepError, and nothing has changed, where the table of `states` has no such arrow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.model import Actor, Decision, Glass, Job, Lane, Member, Person, Verdict
from bot.domain.policy import Vote, can_vote, in_words, is_met, still_missing
from bot.domain.states import (
    FINAL_LANE_STATES,
    JOB_TABLE,
    LANE_TABLE,
    JobEvent,
    JobState,
    LaneEvent,
    LaneState,
    MemberOutcome,
    follow,
)  # fmt: skip


def step(lane: Lane, event: LaneEvent, at: datetime, note: str | None = None) -> Lane:
    """The lane after the event; `ended_at` is set exactly when the new state is final."""
    state = follow(LANE_TABLE, lane.state, event)
    ended = at if state in FINAL_LANE_STATES else None
    waits = state in (LaneState.AWAITING_APPROVAL, LaneState.HOLDING)
    return replace(
        lane,
        state=state,
        ended_at=ended,
        note=lane.note if note is None else note,
        deadline=lane.deadline if waits else None,
        reminders=lane.reminders if state is LaneState.AWAITING_APPROVAL else (),
    )


def job_step(job: Job, event: JobEvent) -> Job:
    """The job after the event, its count of reads begun anew."""
    return replace(job, state=follow(JOB_TABLE, job.state, event), reads=0)


def close_members(members: Sequence[Member], why: str) -> tuple[Member, ...]:
    """The pending ones as not run, with the reason; the others are left out."""
    return tuple(
        replace(m, outcome=MemberOutcome.NOT_RUN, detail=why)
        for m in members
        if m.outcome is MemberOutcome.PENDING
    )


# -- decisions ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """The decision counts; the lane after it."""

    lane: Lane
    decision: Decision
    missing: str
    """Who is still needed, in words; empty when nobody is."""


@dataclass(frozen=True, kw_only=True)
class Ignored:
    """The decision does not count; why, in one sentence for the person who clicked."""

    why: str


@dataclass(frozen=True, kw_only=True)
class Ballot:
    """One person's answer as it comes in."""

    actor: Actor
    approve: bool
    plan_hash: str
    at: datetime
    reason: str = ""


def decide(
    lane: Lane, verdict: Verdict, requester: Person, ballot: Ballot, earlier: Sequence[Decision]
) -> Recorded | Ignored:
    """The lane after one approver's answer, under the verdict in force now.

    One eligible rejection ends it. A person counts once and fills one slot; the requester counts only where the rule says so.
    The right to decide comes from the groups at the click; earlier decisions keep the groups they were made with.
    """
    why = _not_open(lane, ballot)
    if why is None:
        why = can_vote(verdict.requirement, verdict.self_approval, requester, ballot.actor)
    if why is None and any(d.person == ballot.actor.person for d in earlier):
        why = "You have already decided on this; your first answer stands."
    if why is not None:
        return Ignored(why=why)
    decision = Decision(
        lane=lane.id, person=ballot.actor.person, approve=ballot.approve, plan_hash=ballot.plan_hash, at=ballot.at,
        reason=ballot.reason, groups=ballot.actor.groups,
    )  # fmt: skip
    if not ballot.approve:
        after = step(lane, LaneEvent.REFUSED, ballot.at, note=ballot.reason)
        return Recorded(lane=after, decision=decision, missing="")
    votes = countable((*earlier, decision), verdict, requester)
    pinned = replace(lane, verdict=verdict)
    if is_met(verdict.requirement, votes):
        return Recorded(
            lane=step(pinned, LaneEvent.APPROVAL_REACHED, ballot.at), decision=decision, missing=""
        )
    missing = in_words(still_missing(verdict.requirement, votes))
    return Recorded(
        lane=step(pinned, LaneEvent.DECISION_RECORDED, ballot.at), decision=decision, missing=missing
    )


def votes_of(decisions: Sequence[Decision]) -> tuple[Vote, ...]:
    """The approvals among the decisions, as votes."""
    return tuple(Vote(person=d.person, groups=d.groups) for d in decisions if d.approve)


def countable(decisions: Sequence[Decision], verdict: Verdict, requester: Person) -> tuple[Vote, ...]:
    """The approvals that count under this verdict: the requester's own only while it says so, whenever it was given."""
    own = verdict.self_approval or verdict.glass is Glass.BROKEN
    return votes_of([d for d in decisions if own or d.person != requester])


def _not_open(lane: Lane, ballot: Ballot) -> str | None:
    if lane.state is not LaneState.AWAITING_APPROVAL:
        return f"This no longer waits for a decision: it is {in_state(lane.state)}."
    if lane.plan_hash != ballot.plan_hash:
        return "This card is out of date: the plan has changed since. Please use the newest card."
    if lane.deadline is not None and ballot.at >= lane.deadline:
        return "Too late: the time for a decision has run out."
    return None


STATE_WORDS = {
    LaneState.HOLDING: "on hold",
    LaneState.AWAITING_APPROVAL: "waiting for approval",
    LaneState.APPROVED: "approved",
    LaneState.SUBMITTING: "being submitted",
    LaneState.UNKNOWN: "being checked",
    LaneState.RUNNING: "running",
    LaneState.VERIFYING: "being verified",
    LaneState.STUCK: "stuck",
    LaneState.SUCCEEDED: "done and verified",
    LaneState.PARTLY_SUCCEEDED: "partly done",
    LaneState.FAILED: "failed",
    LaneState.REJECTED: "rejected",
    LaneState.EXPIRED: "expired",
    LaneState.CANCELLED: "cancelled",
    LaneState.DENIED: "refused by the policy",
}


def in_state(state: LaneState) -> str:
    """The state in a reader's words."""
    return STATE_WORDS[state]


# -- a running lane ----------------------------------------------------------------------------------------------

_SHOWS: tuple[tuple[JobState, LaneState, LaneEvent], ...] = (
    (JobState.UNKNOWN, LaneState.UNKNOWN, LaneEvent.ANSWER_LOST),
    (JobState.SUBMITTING, LaneState.SUBMITTING, LaneEvent.CLAIMED),
    (JobState.RUNNING, LaneState.RUNNING, LaneEvent.JOB_ACCEPTED),
    (JobState.VERIFYING, LaneState.VERIFYING, LaneEvent.JOB_ENDED),
)
"""While several jobs are under way, the lane shows the first of these that any job is in."""


def settle(lane: Lane, jobs: Sequence[Job], members: Sequence[Member], at: datetime) -> Lane:
    """The lane as its jobs make it: the same object when nothing changes for it.

    Trouble of one job touches only its own members: the lane is final only when every job is done, and stuck only when all
    that is left is stuck.
    """
    states = {job.state for job in jobs}
    if states <= {JobState.DONE}:
        return step(lane, _end_event(members), at)
    for job_state, lane_state, event in _SHOWS:
        if job_state in states:
            if lane.state is LaneState.APPROVED and event is not LaneEvent.CLAIMED:
                lane = step(lane, LaneEvent.CLAIMED, at)
            if lane.state is LaneState.STUCK:
                lane = step(lane, LaneEvent.OPERATOR_RESUMED, at)
            return lane if lane.state is lane_state else step(lane, event, at)
    if JobState.QUEUED in states:
        begun = JobState.DONE in states or JobState.STUCK in states
        shows = LaneState.SUBMITTING if begun else LaneState.APPROVED
        if lane.state is shows:
            return lane
        return step(lane, LaneEvent.CLAIMED if begun else LaneEvent.THROTTLED, at)
    return lane if lane.state is LaneState.STUCK else step(lane, LaneEvent.CANNOT_TELL, at)


def _end_event(members: Sequence[Member]) -> LaneEvent:
    good = [m.outcome in (MemberOutcome.DONE, MemberOutcome.NOTHING_TO_DO) for m in members]
    if all(good):
        return LaneEvent.ALL_SUCCEEDED
    return LaneEvent.SOME_SUCCEEDED if any(good) else LaneEvent.NONE_SUCCEEDED
