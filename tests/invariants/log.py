"""Promise 9: every step is in an append-only log whose rows are hash-chained. The chain is counted anew here, from its
description in bot.domain.audit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC
from itertools import pairwise

from bot.domain.model import AuditEvent
from bot.domain.states import FINAL_LANE_STATES, LANE_TABLE, JobState, LaneState
from tests.invariants.evidence import Evidence

GENESIS = "0" * 64


def chain_holds(evidence: Evidence) -> Iterator[str]:
    """Each event has its place, the hash of its content, and the hash of the one before."""
    events = evidence.stored.events
    before = None
    for event in events:
        if before is not None and event.id != before.id + 1:
            yield f"event {event.id} follows event {before.id}"
        if event.previous != (before.hash if before else GENESIS) and (before or event.id == 1):
            yield f"event {event.id} does not continue the one before it"
        if event.hash != _digest(event):
            yield f"event {event.id} is not as its hash says"
        before = event


def _digest(event: AuditEvent) -> str:
    content = {
        "id": event.id,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "kind": event.kind,
        "actor": None if event.actor is None else [event.actor.team, event.actor.user],
        "request": event.request,
        "lane": event.lane,
        "data": dict(event.data),
        "previous": event.previous,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def every_step_is_logged(evidence: Evidence) -> Iterator[str]:
    """The log's last word on each request, lane, job and decision is what the store holds."""
    stored, events = evidence.stored, evidence.stored.events
    for request in stored.requests:
        kinds = {"agreed_end_reached"} if request.parent else {"request_received"}
        if not any(event.kind in kinds and event.request == request.id for event in events):
            yield f"request #{request.id} came from nowhere: no event tells of it"
    for lane in stored.lanes:
        said = [e.data["state"] for e in events if e.lane == lane.id and _is_lane_step(e)]
        if said and said[-1] != lane.state.value:
            yield f"lane {lane.id} is {lane.state.value}; the log's last word is {said[-1]}"
        if not said and lane.state in FINAL_LANE_STATES:
            yield f"lane {lane.id} became {lane.state.value}, and no event tells of it"
    last_of_jobs = {e.data["job"]: e.data["state"] for e in events if "job" in e.data and "state" in e.data}
    for job in stored.jobs:
        last = last_of_jobs.get(job.id, JobState.QUEUED.value)
        lane_cancelled = job.state is JobState.DONE and last == JobState.QUEUED.value
        if last != job.state.value and not lane_cancelled:
            yield f"job {job.id} is {job.state.value}; the log's last word is {last}"
    voted = {(e.request, e.actor) for e in events if e.kind in _VOTES}
    for decision in stored.decisions:
        if (stored.lane(decision.lane).request, decision.person) not in voted:
            yield f"no event tells of the decision of {decision.person.user} on lane {decision.lane}"


_VOTES = ("lane_approved_by", "lane_rejected_by", "glass_broken", "glass_reviewed", "glass_objected")


def _is_lane_step(event: AuditEvent) -> bool:
    return "state" in event.data and "job" not in event.data


def steps_are_legal(evidence: Evidence) -> Iterator[str]:
    """The states that the log tells of one lane follow each other by arrows of the table."""
    for lane in evidence.stored.lanes:
        said = [
            str(e.data["state"]) for e in evidence.stored.events if e.lane == lane.id and _is_lane_step(e)
        ]
        for before, after in pairwise(said):
            if before != after and not _reachable(LaneState(before), LaneState(after)):
                yield f"lane {lane.id} went from {before} to {after}"


def _reachable(before: LaneState, after: LaneState) -> bool:
    """In one step, or in two of which one is not told (a lane that is claimed and lost in the same breath)."""
    direct = set(LANE_TABLE[before].values())
    return after in direct or any(after in LANE_TABLE[between].values() for between in direct)
