"""Where a lane or a job is, and which event leads where. The tables are data: the diagram in docs/states.md, the CHECK
constraints of the store and the tests are made from them. Imports nothing but errors."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from bot.domain.errors import IllegalStepError


class RequestState(StrEnum):
    """A request has few states of its own: what happens after the plan is told by its lanes."""

    PLANNING = "planning"
    """Stored and acknowledged; its images and projects are being looked up. Left by plan_request."""
    PLANNED = "planned"
    """It has lanes; at least one of them is not final. Left when the last lane ends."""
    REFUSED = "refused"
    """Final: it could not become a plan (unknown image, too many pairs, ...); the requester was told why."""
    EXPIRED = "expired"
    """Final: it could not be planned in time (the cloud did not answer)."""
    CANCELLED = "cancelled"
    """Final: taken back by the requester before it was planned."""
    ENDED = "ended"
    """Final: every lane is final."""


class LaneState(StrEnum):
    HOLDING = "holding"
    """A fact the policy needs is unknown. Planned again until it is known or the deadline passes."""
    AWAITING_APPROVAL = "awaiting_approval"
    """People must decide. Left by a decision, the deadline, or the requester."""
    APPROVED = "approved"
    """May run; judged once more before it does. Left by the worker within seconds, or by the requester."""
    SUBMITTING = "submitting"
    """A call to the cloud is being made. Left by its answer, or by the end of the claim."""
    UNKNOWN = "unknown"
    """The call's answer was lost; the member list is being read to see whether it happened."""
    RUNNING = "running"
    """The cloud accepted the job and works. Left when the job ends, whatever it says."""
    VERIFYING = "verifying"
    """The job ended; the member list is being read. Left by what it shows."""
    STUCK = "stuck"
    """The bot cannot tell; the thread says so and what a person can do. Left by an operator."""
    SUCCEEDED = "succeeded"
    PARTLY_SUCCEEDED = "partly_succeeded"
    FAILED = "failed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    DENIED = "denied"


class LaneEvent(StrEnum):
    PLANNED_AGAIN_ALLOW = "planned_again_allow"
    PLANNED_AGAIN_NEEDS_APPROVAL = "planned_again_needs_approval"
    PLANNED_AGAIN_DENY = "planned_again_deny"
    PLANNED_AGAIN_NOTHING_TO_DO = "planned_again_nothing_to_do"
    STILL_UNKNOWN = "still_unknown"
    DECISION_RECORDED = "decision_recorded"
    APPROVAL_REACHED = "approval_reached"
    REFUSED = "refused"
    DEADLINE_PASSED = "deadline_passed"
    CANCELLED = "cancelled"
    APPROVAL_NO_LONGER_ENOUGH = "approval_no_longer_enough"
    POLICY_NOW_FORBIDS = "policy_now_forbids"
    NOTHING_LEFT_TO_DO = "nothing_left_to_do"
    GLASS_BROKEN = "glass_broken"
    REVIEWED = "reviewed"
    CLAIMED = "claimed"
    THROTTLED = "throttled"
    JOB_ACCEPTED = "job_accepted"
    ANSWER_LOST = "answer_lost"
    JOB_ENDED = "job_ended"
    CANNOT_TELL = "cannot_tell"
    OPERATOR_RESUMED = "operator_resumed"
    ALL_SUCCEEDED = "all_succeeded"
    SOME_SUCCEEDED = "some_succeeded"
    NONE_SUCCEEDED = "none_succeeded"


class JobState(StrEnum):
    QUEUED = "queued"
    """To be submitted (again). Left by submit_job."""
    SUBMITTING = "submitting"
    """Being sent; if this state outlives its claim, the answer counts as lost."""
    RUNNING = "running"
    VERIFYING = "verifying"
    UNKNOWN = "unknown"
    STUCK = "stuck"
    DONE = "done"
    """Final: every member of the job has an outcome."""


class JobEvent(StrEnum):
    CLAIMED = "claimed"
    THROTTLED = "throttled"
    JOB_ACCEPTED = "job_accepted"
    REFUSED_BY_CLOUD = "refused_by_cloud"
    ANSWER_LOST = "answer_lost"
    JOB_ENDED = "job_ended"
    JOB_LOST = "job_lost"
    MEMBERS_READ = "members_read"
    CANNOT_TELL = "cannot_tell"
    OPERATOR_RESUMED = "operator_resumed"
    WITHDRAWN = "withdrawn"


class MemberOutcome(StrEnum):
    """What became of one (image, project) pair. The unit of truth."""

    PENDING = "pending"
    """Nothing final yet."""
    DONE = "done"
    """Read back and true: shared (or, for an unshare, gone)."""
    NOTHING_TO_DO = "nothing_to_do"
    """It was already so before the request."""
    FAILED = "failed"
    """Read back and not so; the member says why."""
    NOT_RUN = "not_run"
    """Its lane ended before it ran (denied, rejected, expired, cancelled)."""


RUNNING_STATES = (
    LaneState.SUBMITTING, LaneState.RUNNING, LaneState.VERIFYING, LaneState.UNKNOWN, LaneState.STUCK,
)  # fmt: skip
"""While a lane is in one of these its state is derived from its jobs (lifecycle.lane_state_of)."""

FINAL_LANE_STATES = frozenset(
    {
        LaneState.SUCCEEDED, LaneState.PARTLY_SUCCEEDED, LaneState.FAILED, LaneState.REJECTED,
        LaneState.EXPIRED, LaneState.CANCELLED, LaneState.DENIED,
    }
)  # fmt: skip
INITIAL_LANE_STATES = frozenset(
    {
        LaneState.HOLDING,
        LaneState.AWAITING_APPROVAL,
        LaneState.APPROVED,
        LaneState.DENIED,
        LaneState.SUCCEEDED,
    }
)
"""SUCCEEDED is initial for the lane of pairs that are already as asked; DENIED for what the policy refuses."""
FINAL_REQUEST_STATES = frozenset(
    {RequestState.REFUSED, RequestState.EXPIRED, RequestState.CANCELLED, RequestState.ENDED}
)

_ENDS: Mapping[LaneEvent, LaneState] = {
    LaneEvent.ALL_SUCCEEDED: LaneState.SUCCEEDED,
    LaneEvent.SOME_SUCCEEDED: LaneState.PARTLY_SUCCEEDED,
    LaneEvent.NONE_SUCCEEDED: LaneState.FAILED,
}
_WHILE_RUNNING: Mapping[LaneEvent, LaneState] = {
    LaneEvent.THROTTLED: LaneState.APPROVED,
    LaneEvent.CLAIMED: LaneState.SUBMITTING,
    LaneEvent.JOB_ACCEPTED: LaneState.RUNNING,
    LaneEvent.ANSWER_LOST: LaneState.UNKNOWN,
    LaneEvent.JOB_ENDED: LaneState.VERIFYING,
    LaneEvent.CANNOT_TELL: LaneState.STUCK,
    **_ENDS,
}
"""A lane has several jobs, each in its own state, so any of them may be the one that shows next."""

LANE_TABLE: Mapping[LaneState, Mapping[LaneEvent, LaneState]] = {
    LaneState.HOLDING: {
        LaneEvent.STILL_UNKNOWN: LaneState.HOLDING,
        LaneEvent.PLANNED_AGAIN_NEEDS_APPROVAL: LaneState.AWAITING_APPROVAL,
        LaneEvent.PLANNED_AGAIN_ALLOW: LaneState.APPROVED,
        LaneEvent.PLANNED_AGAIN_DENY: LaneState.DENIED,
        LaneEvent.PLANNED_AGAIN_NOTHING_TO_DO: LaneState.SUCCEEDED,
        LaneEvent.DEADLINE_PASSED: LaneState.EXPIRED,
        LaneEvent.CANCELLED: LaneState.CANCELLED,
    },
    LaneState.AWAITING_APPROVAL: {
        LaneEvent.DECISION_RECORDED: LaneState.AWAITING_APPROVAL,
        LaneEvent.APPROVAL_REACHED: LaneState.APPROVED,
        LaneEvent.GLASS_BROKEN: LaneState.APPROVED,
        LaneEvent.REVIEWED: LaneState.SUCCEEDED,
        LaneEvent.REFUSED: LaneState.REJECTED,
        LaneEvent.DEADLINE_PASSED: LaneState.EXPIRED,
        LaneEvent.CANCELLED: LaneState.CANCELLED,
        LaneEvent.POLICY_NOW_FORBIDS: LaneState.DENIED,
    },
    LaneState.APPROVED: {
        LaneEvent.CLAIMED: LaneState.SUBMITTING,
        LaneEvent.POLICY_NOW_FORBIDS: LaneState.DENIED,
        LaneEvent.APPROVAL_NO_LONGER_ENOUGH: LaneState.AWAITING_APPROVAL,
        LaneEvent.NOTHING_LEFT_TO_DO: LaneState.SUCCEEDED,
        LaneEvent.DEADLINE_PASSED: LaneState.EXPIRED,
        LaneEvent.CANCELLED: LaneState.CANCELLED,
        LaneEvent.SOME_SUCCEEDED: LaneState.PARTLY_SUCCEEDED,
        LaneEvent.NONE_SUCCEEDED: LaneState.FAILED,
    },
    LaneState.SUBMITTING: _WHILE_RUNNING,
    LaneState.UNKNOWN: _WHILE_RUNNING,
    LaneState.RUNNING: _WHILE_RUNNING,
    LaneState.VERIFYING: _WHILE_RUNNING,
    LaneState.STUCK: {LaneEvent.OPERATOR_RESUMED: LaneState.UNKNOWN, **_ENDS},
    LaneState.SUCCEEDED: {},
    LaneState.PARTLY_SUCCEEDED: {},
    LaneState.FAILED: {},
    LaneState.REJECTED: {},
    LaneState.EXPIRED: {},
    LaneState.CANCELLED: {},
    LaneState.DENIED: {},
}

JOB_TABLE: Mapping[JobState, Mapping[JobEvent, JobState]] = {
    JobState.QUEUED: {JobEvent.CLAIMED: JobState.SUBMITTING, JobEvent.WITHDRAWN: JobState.DONE},
    JobState.SUBMITTING: {
        JobEvent.JOB_ACCEPTED: JobState.RUNNING,
        JobEvent.REFUSED_BY_CLOUD: JobState.VERIFYING,
        JobEvent.THROTTLED: JobState.QUEUED,
        JobEvent.ANSWER_LOST: JobState.UNKNOWN,
    },
    JobState.RUNNING: {JobEvent.JOB_ENDED: JobState.VERIFYING, JobEvent.JOB_LOST: JobState.UNKNOWN},
    JobState.VERIFYING: {JobEvent.MEMBERS_READ: JobState.DONE, JobEvent.CANNOT_TELL: JobState.STUCK},
    JobState.UNKNOWN: {JobEvent.MEMBERS_READ: JobState.DONE, JobEvent.CANNOT_TELL: JobState.STUCK},
    JobState.STUCK: {JobEvent.OPERATOR_RESUMED: JobState.UNKNOWN},
    JobState.DONE: {},
}

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


def follow(table: Mapping[S, Mapping[E, S]], state: S, event: E) -> S:
    """The state after this event.

    Raises IllegalStepError, and nothing has changed, when the table has no such arrow.
    """
    try:
        return table[state][event]
    except KeyError:
        raise IllegalStepError(state=state.value, event=event.value) from None


def mermaid(table: Mapping[S, Mapping[E, S]]) -> str:
    """The table as a Mermaid state diagram, one arrow a line, in the table's order."""
    lines = ["stateDiagram-v2"]
    for state, row in table.items():
        lines += [f"    {state.value} --> {after.value}: {event.value}" for event, after in row.items()]
        if not row:
            lines.append(f"    {state.value} --> [*]")
    return "\n".join(lines)
