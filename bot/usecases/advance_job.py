"""Saving one step of a job together with what it makes of its lane, in the caller's transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.lifecycle import settle
from bot.domain.model import Job, Lane, Request
from bot.domain.notices import Topic
from bot.domain.states import FINAL_LANE_STATES, JobState, LaneState
from bot.domain.wording import thread
from bot.ports import Transaction
from bot.usecases.advance import Happened, lane_and_request, save_step, tell_thread


def save_job_step(tx: Transaction, job: Job, kind: str, at: datetime) -> Job:
    """The job as stored; its lane settled, and reported in the thread when it has ended or got stuck."""
    saved = tx.save_job(job)
    found = lane_and_request(tx, job.lane)
    if found is None:
        return saved
    lane, request = found
    tx.record(
        kind, at=at, request=request.id, lane=lane.id,
        data={
            "job": saved.id, "state": saved.state.value, "cloud_job": saved.cloud_job or "", "said": saved.verdict,
            "cloud_request": saved.cloud_request_id,
        },
    )  # fmt: skip
    settle_lane(tx, request, lane, at)
    return saved


def settle_lane(tx: Transaction, request: Request, lane: Lane, at: datetime) -> None:
    """The lane as its jobs make it."""
    jobs, members = tx.jobs(lane.id), tx.members(lane.id)
    after = settle(lane, jobs, members, at)
    if after is lane:
        return
    note = next((job.verdict for job in jobs if job.state is JobState.STUCK), "")
    if after.state is LaneState.STUCK:
        after = replace(after, note=note)
    save_step(tx, request, after, Happened(kind=f"lane_{after.state.value}", at=at))
    if after.state in FINAL_LANE_STATES:
        tell_thread(tx, request, thread.result(request, after, members, jobs), at, topic=Topic.REPORT)
    elif after.state is LaneState.STUCK:
        tell_thread(tx, request, thread.stuck(after, members), at, topic=Topic.REPORT)
