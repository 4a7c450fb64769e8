"""Asking the cloud how a job stands. What it says only decides when the member list is read, never what was shared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.lifecycle import job_step
from bot.domain.model import Due, DueKind, Job, JobRowId
from bot.domain.states import JobEvent, JobState
from bot.ports import JobPhase, JobReading, Outside, Transaction
from bot.usecases.advance_job import save_job_step

ABSENT = "ABSENT"
"""The verdict of a job the cloud does not know (any more)."""
GATHER = timedelta(seconds=2)
"""How long an ended job waits for the lane's other jobs for the same images: the last one's reading serves them all, and
what the lane has become is told when all have ended anyway."""
ENDED = (JobPhase.SUCCEEDED, JobPhase.FAILED)

Learned = Mapping[str, Mapping[str, object]]
"""What was learned of how long jobs take, by kind, as JSON values."""


async def poll_job(outside: Outside, due: Due) -> None:
    """Acts on a POLL row: asks first, and only then looks at the clock, so that a job that ended while the bot was down is
    not timed out."""
    job = await outside.store.read(lambda view: view.job(JobRowId(int(due.subject))))
    if job is None or job.state is not JobState.RUNNING or job.cloud_job is None:
        await outside.store.write(lambda tx: tx.finish(due))
        return
    reading = await outside.cloud.job(job.cloud_job)
    now = outside.clock.now()
    polled = replace(job, polled_at=now)
    if reading.phase in ENDED:
        outside.pace.ended(job, now)
        learned = outside.pace.to_keep(now)
        await outside.store.write(lambda tx: _ended(tx, outside, due, polled, reading, learned))
    elif reading.phase is JobPhase.ABSENT:
        lost = replace(job_step(polled, JobEvent.JOB_LOST), verdict=ABSENT)
        await outside.store.write(lambda tx: _verify(tx, outside, due, lost, "job_lost"))
    else:
        again = now + outside.pace.next_poll(job, now)
        await outside.store.write(lambda tx: _still_running(tx, outside, due, polled, again))


def _ended(
    tx: Transaction, outside: Outside, due: Due, polled: Job, reading: JobReading, learned: Learned
) -> None:
    for kind, law in learned.items():
        tx.save_durations(kind, law)
    ok = reading.phase is JobPhase.SUCCEEDED
    ended = replace(job_step(polled, JobEvent.JOB_ENDED), said_ok=ok, verdict=_said(reading))
    _verify(tx, outside, due, ended, "job_ended")


def _still_running(tx: Transaction, outside: Outside, due: Due, polled: Job, again: datetime) -> None:
    age = (polled.polled_at or again) - (polled.submitted_at or again)
    if age > outside.limits.job_timeout:
        minutes = int(outside.limits.job_timeout.total_seconds() // 60)
        said = f"the cloud has not ended job {polled.cloud_job} within {minutes} minutes."
        lost = replace(job_step(polled, JobEvent.JOB_LOST), verdict=said)
        _verify(tx, outside, due, lost, "job_too_long")
    else:
        tx.save_job(polled)
        tx.postpone(due, again, attempts=0)


def _verify(tx: Transaction, outside: Outside, due: Due, job: Job, kind: str) -> None:
    now = outside.clock.now()
    saved = save_job_step(tx, job, kind, now)
    tx.plan_work(DueKind.VERIFY, str(saved.id), now + (GATHER if _more_to_come(tx, saved) else timedelta(0)))
    tx.finish(due)


def _more_to_come(tx: Transaction, job: Job) -> bool:
    """Whether another call of the lane for the same images is still under way."""
    under_way = (JobState.QUEUED, JobState.SUBMITTING, JobState.RUNNING)
    others = [each for each in tx.jobs(job.lane) if each.id != job.id and each.state in under_way]
    return any(set(job.images) <= set(each.images) for each in others)


def _said(reading: JobReading) -> str:
    """The cloud's own words, for a failure with its code and reason."""
    if reading.phase is JobPhase.SUCCEEDED:
        return reading.status
    if reading.reason:
        code = f" ({reading.error_code})" if reading.error_code else ""
        return f"{reading.reason.rstrip('.')}{code}"
    return f"the cloud's job ended with {reading.error_code or reading.status}"
