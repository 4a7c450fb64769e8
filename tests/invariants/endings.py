"""Promise 5: every lane comes to an end, or says in its thread that it is stuck and what a person can do."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.model import DueKind
from bot.domain.states import FINAL_LANE_STATES, FINAL_REQUEST_STATES, JobState, LaneState, MemberOutcome
from tests.invariants.evidence import Evidence


def everything_ends(evidence: Evidence) -> Iterator[str]:
    """To be asked once nothing goes wrong any more and time enough has passed."""
    stored = evidence.stored
    for row in stored.due:
        if row.kind not in _FOR_EVER:
            yield f"{row.kind.value} {row.subject} is still to be done, at {row.at:%H:%M:%S}"
    for lane in stored.lanes:
        if lane.state not in FINAL_LANE_STATES and lane.state is not LaneState.STUCK:
            yield f"lane {lane.id} is {lane.state.value} for ever"
        if lane.state in FINAL_LANE_STATES:
            pending = [m.pair for m in stored.members_of(lane.id) if m.outcome is MemberOutcome.PENDING]
            if pending:
                yield f"lane {lane.id} is {lane.state.value}, and nothing became of {pending}"
    for request in stored.requests:
        stuck = any(lane.state is LaneState.STUCK for lane in stored.lanes_of(request.id))
        if request.state not in FINAL_REQUEST_STATES and not stuck:
            yield f"request #{request.id} is {request.state.value} for ever"
    for job in stored.jobs:
        if job.state not in (JobState.DONE, JobState.STUCK):
            yield f"job {job.id} of lane {job.lane} is {job.state.value} for ever"


def stuck_is_said(evidence: Evidence) -> Iterator[str]:
    """The thread of a stuck lane (or its requester, where there is no thread) says so, and names the button that helps."""
    for lane in evidence.stored.lanes:
        if lane.state is LaneState.STUCK:
            said = [
                s for s in evidence.said
                if "tuck" in s.message.text and "Check Again" in s.message.text and (s.thread or s.user)
            ]  # fmt: skip
            if not said and evidence.said:
                yield f"lane {lane.id} is stuck, and nobody was told what to do"


_FOR_EVER = tuple(kind for kind in DueKind if kind.value not in {
    "plan", "inbox", "answer", "start", "submit", "poll", "verify", "deliver", "deadline", "remind", "take_back",
})  # fmt: skip
"""Kinds of upkeep that come again and again."""
