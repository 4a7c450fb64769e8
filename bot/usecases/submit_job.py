"""One batch call to the cloud, sent at most once for each time it is known not to have happened.

The intent is durable before the call: a crash in between leaves the job `submitting` with an expired claim, and that counts as
an answer lost: the member list is read before anything is sent again (design promise 3).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.domain.errors import (
    AnswerLostError,
    BotError,
    CloudAuthError,
    CloudBusyError,
    CloudDownError,
    CloudRefusedError,
)  # fmt: skip
from bot.domain.lifecycle import job_step
from bot.domain.model import Due, DueKind, Job, JobRowId
from bot.domain.states import JobEvent, JobState
from bot.domain.wording import thread
from bot.ports import Outside, Ticket, Transaction
from bot.usecases.advance import lane_and_request, tell_thread
from bot.usecases.advance_job import save_job_step

FIRST_READ = timedelta(seconds=2)
"""How soon after a lost answer the member list is first read."""


SAID_AT = (3, 30, 300)
"""Tries after which the thread is told that, and why, nothing was sent yet."""


async def submit_job(outside: Outside, due: Due) -> None:
    """Acts on a SUBMIT row. Raises CloudAuthError after the job is back in the queue."""
    job = await outside.store.write(lambda tx: _claim(tx, outside, due))
    if job is None:
        return
    try:
        ticket = await outside.cloud.submit(job.action, job.images, job.projects)
    except (CloudBusyError, CloudDownError) as error:
        wait = timedelta(seconds=error.retry_after) if error.retry_after else _back_off(outside, due)
        again = (wait, error)
        await outside.store.write(lambda tx: _put_back(tx, outside, due, job, again))
    except CloudAuthError as error:
        refused_us = (timedelta(minutes=1), error)
        await outside.store.write(lambda tx: _put_back(tx, outside, due, job, refused_us))
        raise
    except CloudRefusedError as error:
        said = f"the cloud refused: {error.message}"
        refused = replace(
            job_step(job, JobEvent.REFUSED_BY_CLOUD),
            verdict=said,
            said_ok=False,
            cloud_request_id=error.request_id,
        )
        await outside.store.write(lambda tx: _follow(tx, outside, due, refused, "job_refused"))
    except AnswerLostError as error:
        lost = replace(job_step(job, JobEvent.ANSWER_LOST), cloud_request_id=error.request_id)
        await outside.store.write(lambda tx: _follow(tx, outside, due, lost, "answer_lost", wait=FIRST_READ))
    else:
        await outside.store.write(lambda tx: _accepted(tx, outside, due, job, ticket))


def _back_off(outside: Outside, due: Due) -> timedelta:
    doubled: int = 2 ** min(due.attempts - 1, 6)
    return min(outside.limits.retry_delay * doubled, timedelta(minutes=1))


def _claim(tx: Transaction, outside: Outside, due: Due) -> Job | None:
    """The job, marked as being sent; None when there is nothing to send."""
    now = outside.clock.now()
    job = tx.job(JobRowId(int(due.subject)))
    if job is not None and job.state is JobState.SUBMITTING:
        _follow(tx, outside, due, job_step(job, JobEvent.ANSWER_LOST), "answer_lost")
        return None
    if job is None or job.state is not JobState.QUEUED:
        tx.finish(due)
        return None
    claimed = replace(job_step(job, JobEvent.CLAIMED), submits=job.submits + 1, submitted_at=now)
    return save_job_step(tx, claimed, "job_submitting", now)


def _put_back(
    tx: Transaction, outside: Outside, due: Due, job: Job, again: tuple[timedelta, BotError]
) -> None:
    """Surely not carried out: the same job is sent again later. A wait that drags on is said in the thread."""
    wait, error = again
    now = outside.clock.now()
    queued = replace(job_step(job, JobEvent.THROTTLED), submits=job.submits - 1, submitted_at=None)
    save_job_step(tx, queued, "job_put_back", now)
    found = lane_and_request(tx, job.lane)
    if found is not None and due.attempts in SAID_AT:
        tell_thread(tx, found[1], thread.still_waiting(error, found[0]), now)
    tx.postpone(due, now + wait)


def _follow(
    tx: Transaction, outside: Outside, due: Due, job: Job, kind: str, *, wait: timedelta = timedelta(0)
) -> None:
    """The member list shall be read."""
    now = outside.clock.now()
    saved = save_job_step(tx, job, kind, now)
    tx.plan_work(DueKind.VERIFY, str(saved.id), now + wait)
    tx.finish(due)


def _accepted(tx: Transaction, outside: Outside, due: Due, job: Job, ticket: Ticket) -> None:
    now = outside.clock.now()
    running = replace(
        job_step(job, JobEvent.JOB_ACCEPTED),
        cloud_job=ticket.job_id,
        cloud_request_id=ticket.request_id,
        polled_at=now,
    )
    saved = save_job_step(tx, running, "job_accepted", now)
    tx.plan_work(DueKind.POLL, str(saved.id), now + outside.pace.first_poll(saved))
    tx.finish(due)
