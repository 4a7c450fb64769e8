"""Reading the member lists back after a job ended, was refused, or was lost: each pair gets its outcome from what is there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.domain.errors import CloudRefusedError, TransientError
from bot.domain.job_report import ReadBack, Report, compare, failed
from bot.domain.lifecycle import job_step
from bot.domain.model import CloudMember, Due, DueKind, ImageId, Job, JobRowId, Lane
from bot.domain.states import JobEvent, JobState
from bot.ports import Outside, Transaction
from bot.usecases.advance import lane_and_request
from bot.usecases.advance_job import save_job_step
from bot.usecases.poll_job import ABSENT
from bot.usecases.start_lane import queue_jobs

MOST_ATTEMPTS = 12
"""After so many failed readings in a row (about ten minutes) the job is stuck and the thread says so."""
GONE = (404,)
"""An image that is gone has no members."""


async def verify_members(outside: Outside, due: Due) -> None:
    """Acts on a VERIFY row. Harmless when the job has its outcomes already."""
    job = await outside.store.read(lambda view: view.job(JobRowId(int(due.subject))))
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
    await outside.store.write(lambda tx: _store(tx, outside, due, job, lists))


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
    _remember_the_end(tx, lane, report)
    job = replace(job, reads=job.reads + 1)
    if not report.missing:
        _done(tx, outside, due, job)
    elif job.state is JobState.VERIFYING:
        _after_the_end(tx, outside, due, job, report)
    else:
        _after_a_loss(tx, outside, due, job, report)


def _remember_the_end(tx: Transaction, lane: Lane, report: Report) -> None:
    """A share for a time is taken back when the time is over."""
    until = min((m.shared_until for m in report.done if m.shared_until is not None), default=None)
    if until is not None:
        tx.plan_work(DueKind.TAKE_BACK, lane.id, until)


def _done(tx: Transaction, outside: Outside, due: Due, job: Job) -> None:
    save_job_step(tx, job_step(job, JobEvent.MEMBERS_READ), "members_read", outside.clock.now())
    tx.finish(due)


def _fail(tx: Transaction, outside: Outside, due: Due, job: Job, report: Report) -> None:
    tx.save_members(failed(report.missing, job))
    _done(tx, outside, due, job)


def _read_again(tx: Transaction, outside: Outside, due: Due, job: Job, wait: timedelta) -> None:
    tx.save_job(job)
    tx.postpone(due, outside.clock.now() + wait, forget_attempts=True)


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
