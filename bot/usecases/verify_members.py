"""Reading the member lists back after a job ended, was refused, or was lost: each pair gets its outcome from what is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.errors import CloudRefusedError, TransientError
from bot.domain.job_report import ReadBack, Report, compare, failed
from bot.domain.lifecycle import job_step
from bot.domain.model import CloudMember, Due, DueKind, ImageId, Job, JobRowId, Lane, Member
from bot.domain.states import JobEvent, JobState
from bot.ports import Outside, Transaction, View
from bot.usecases.advance import lane_and_request, outcomes
from bot.usecases.advance_job import save_job_step
from bot.usecases.poll_job import ABSENT
from bot.usecases.start_lane import queue_jobs

MOST_ATTEMPTS = 12
"""After so many failed readings in a row (about ten minutes) the job is stuck and the thread says so."""
GONE = (404,)
"""An image that is gone has no members."""


async def verify_members(outside: Outside, due: Due) -> None:
    """Acts on a VERIFY row. Harmless when the job has its outcomes already."""
    job, beside = await outside.store.read(lambda view: _to_verify(view, JobRowId(int(due.subject))))
    if job is None or job.state not in (JobState.VERIFYING, JobState.UNKNOWN):
        await outside.store.write(lambda tx: tx.finish(due))
        return
    try:
        lists = {image: await _read(outside, image) for image in job.images}
    except (CloudRefusedError, TransientError) as error:
        if due.attempts < MOST_ATTEMPTS and isinstance(error, TransientError):
            raise
        said = f"the member list cannot be read: {error.message}"
        await outside.store.write(lambda tx: _cannot_tell(tx, outside, due, job, said))
        return

    def store(tx: Transaction) -> None:
        _store(tx, outside, due, job, lists)
        for other in beside:
            _prove(tx, outside, other, lists)

    await outside.store.write(store)


def _to_verify(view: View, id: JobRowId) -> tuple[Job | None, tuple[Job, ...]]:
    """The job; and those of its lane that had ended before its images are read, and have no others: the same lists tell of
    them, too."""
    job = view.job(id)
    if job is None:
        return None, ()
    beside = tuple(
        each
        for each in view.jobs(job.lane)
        if each.id != id and each.state is JobState.VERIFYING and set(each.images) <= set(job.images)
    )
    return job, beside


def _prove(tx: Transaction, outside: Outside, job: Job, lists: ReadBack) -> None:
    """Another job of the lane is done when the lists prove all of it. Else its own row has the last word; and where that
    has been acted on meanwhile, nothing is left to say."""
    found, now = lane_and_request(tx, job.lane), outside.clock.now()
    current = tx.job(job.id)
    if found is None or current is None or current != job:
        return
    report = compare(job, found[0], tx.members(job.lane), lists, now)
    if report.missing:
        return
    tx.save_members(report.done)
    _record_outcomes(tx, job, "members_proved", report.done, now)
    _remember_the_end(tx, found[0], report)
    save_job_step(tx, job_step(replace(job, reads=job.reads + 1), JobEvent.MEMBERS_READ), "members_read", now)


async def _read(outside: Outside, image: ImageId) -> tuple[CloudMember, ...]:
    try:
        return await outside.cloud.members(image)
    except CloudRefusedError as error:
        if error.status in GONE or error.code in ("IMG.0027", "IMG.0086", "IMG.0144"):
            return ()
        raise


def _cannot_tell(tx: Transaction, outside: Outside, due: Due, job: Job, said: str) -> None:
    stuck = replace(job_step(job, JobEvent.CANNOT_TELL), verdict=said)
    save_job_step(tx, stuck, "job_stuck", outside.clock.now())
    tx.finish(due)


def _store(tx: Transaction, outside: Outside, due: Due, job: Job, lists: ReadBack) -> None:
    found = lane_and_request(tx, job.lane)
    if found is None:
        tx.finish(due)
        return
    lane, _ = found
    now = outside.clock.now()
    report = compare(job, lane, tx.members(lane.id), lists, now)
    tx.save_members((*report.done, *report.missing))
    _record_outcomes(tx, job, "members_proved", report.done, now)
    _remember_the_end(tx, lane, report)
    job = replace(job, reads=job.reads + 1)
    if not report.missing:
        _done(tx, outside, due, job)
    elif job.state is JobState.VERIFYING:
        _after_the_end(tx, outside, due, job, report)
    else:
        _after_a_loss(tx, outside, due, job, report)


def _record_outcomes(tx: Transaction, job: Job, kind: str, members: Sequence[Member], at: datetime) -> None:
    """What the member list showed, pair by pair."""
    found = lane_and_request(tx, job.lane)
    if members and found is not None:
        data = {"job": job.id, "members": outcomes(members)}
        tx.record(kind, at=at, request=found[1].id, lane=job.lane, data=data)


def _remember_the_end(tx: Transaction, lane: Lane, report: Report) -> None:
    """A share for a time is taken back when the time is over."""
    until = min((m.shared_until for m in report.done if m.shared_until is not None), default=None)
    if until is not None:
        tx.plan_work(DueKind.TAKE_BACK, lane.id, until)


def _done(tx: Transaction, outside: Outside, due: Due, job: Job) -> None:
    save_job_step(tx, job_step(job, JobEvent.MEMBERS_READ), "members_read", outside.clock.now())
    tx.finish(due)


def _fail(tx: Transaction, outside: Outside, due: Due, job: Job, report: Report) -> None:
    members = failed(report.missing, job)
    tx.save_members(members)
    _record_outcomes(tx, job, "members_failed", members, outside.clock.now())
    _done(tx, outside, due, job)


def _read_again(tx: Transaction, outside: Outside, due: Due, job: Job, wait: timedelta) -> None:
    tx.save_job(job)
    tx.postpone(due, outside.clock.now() + wait, attempts=0)


def _after_the_end(tx: Transaction, outside: Outside, due: Due, job: Job, report: Report) -> None:
    """The job has ended: what is not there after a few readings has failed. One the cloud refused outright needs one."""
    refused = job.cloud_job is None
    if not refused and job.reads < outside.limits.verify_reads:
        _read_again(tx, outside, due, job, outside.limits.retry_delay)
    else:
        _fail(tx, outside, due, job, report)


def _after_a_loss(tx: Transaction, outside: Outside, due: Due, job: Job, report: Report) -> None:
    """It is not known whether, or when, the call takes effect: read for a while before believing that it did not."""
    limits, now = outside.limits, outside.clock.now()
    if job.reads < limits.settle_reads:
        _read_again(tx, outside, due, job, limits.settle_delay)
    elif job.cloud_job is None and job.submits < limits.max_submits:
        found = lane_and_request(tx, job.lane)
        if found is not None:
            queue_jobs(tx, outside, found[0], (found[1], report.missing), submits=job.submits)
        save_job_step(tx, job_step(job, JobEvent.MEMBERS_READ), "not_carried_out", now)
        tx.finish(due)
    elif job.cloud_job is None:
        said = f"sent {job.submits} times without an answer, and it never took effect"
        _fail(tx, outside, due, replace(job, verdict=said), report)
    elif job.verdict == ABSENT:
        said = f"the cloud took it as job {job.cloud_job}, then no longer knew that job, and it never took effect"
        _fail(tx, outside, due, replace(job, verdict=said), report)
    else:
        _cannot_tell(tx, outside, due, job, job.verdict)
