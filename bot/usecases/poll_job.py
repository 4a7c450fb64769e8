"""Asking the cloud how a job stands. What it says only decides when the member list is read, never what was shared."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.lifecycle import job_step
from bot.domain.model import Due, DueKind, Job, JobRowId
from bot.domain.states import JobEvent, JobState
from bot.ports import JobPhase, JobReading, Outside, Transaction
from bot.usecases.advance_job import save_job_step

ABSENT = "ABSENT"
"""The verdict of a job the cloud does not know (any more)."""


async def poll_job(outside: Outside, due: Due) -> None:
    """Acts on a POLL row: asks first, and only then looks at the clock, so that a job that ended while the bot was down is
    not timed out."""
    job = await outside.store.read(lambda view: view.job(JobRowId(int(due.subject))))
    if job is None or job.state is not JobState.RUNNING or job.cloud_job is None:
        await outside.store.write(lambda tx: tx.finish(due))
        return
    reading = await outside.cloud.job(job.cloud_job)
    await outside.store.write(lambda tx: _store(tx, outside, due, job, reading))


def _store(tx: Transaction, outside: Outside, due: Due, job: Job, reading: JobReading) -> None:
    now = outside.clock.now()
    polled = replace(job, polled_at=now)
    if reading.phase in (JobPhase.SUCCEEDED, JobPhase.FAILED):
        outside.pace.ended(job, now)
        ok = reading.phase is JobPhase.SUCCEEDED
        ended = replace(job_step(polled, JobEvent.JOB_ENDED), said_ok=ok, verdict=_said(reading))
        _verify(tx, outside, due, ended, "job_ended")
    elif reading.phase is JobPhase.ABSENT:
        _verify(tx, outside, due, replace(job_step(polled, JobEvent.JOB_LOST), verdict=ABSENT), "job_lost")
    elif job.submitted_at is not None and now - job.submitted_at > outside.limits.job_timeout:
        minutes = int(outside.limits.job_timeout.total_seconds() // 60)
        said = f"the cloud has not ended job {job.cloud_job} within {minutes} minutes."
        _verify(tx, outside, due, replace(job_step(polled, JobEvent.JOB_LOST), verdict=said), "job_too_long")
    else:
        saved = tx.save_job(polled)
        tx.postpone(due, now + outside.pace.next_poll(saved, now), forget_attempts=True)


def _verify(tx: Transaction, outside: Outside, due: Due, job: Job, kind: str) -> None:
    now = outside.clock.now()
    saved = save_job_step(tx, job, kind, now)
    tx.plan_work(DueKind.VERIFY, str(saved.id), now)
    tx.finish(due)


def _said(reading: JobReading) -> str:
    """The cloud's own words, for a failure with its code and reason."""
    if reading.phase is JobPhase.SUCCEEDED:
        return reading.status
    if reading.reason:
        code = f" ({reading.error_code})" if reading.error_code else ""
        return f"{reading.reason.rstrip('.')}{code}"
    return f"the cloud's job ended with {reading.error_code or reading.status}"
