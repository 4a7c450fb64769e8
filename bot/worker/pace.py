"""When each running job is asked about again: by the area rule of bot.domain.polling, at a price that follows the load, with
durations learned from every job that ends."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.model import Job, JobRowId
from bot.domain.polling import PRICE, Durations, ages, next_poll

SHARE_OF_BUDGET = 0.7
"""Part of the calls a second that questions about jobs may take; the rest is for sending and looking up."""
FORGOTTEN = timedelta(minutes=5)
"""A job that was not asked about for so long no longer counts as running."""


class LearnedPace:
    """One process's knowledge of how long jobs take. `rate`: calls a second the cloud may be asked in all."""

    def __init__(self, rate: float, durations: Durations | None = None) -> None:
        self.durations = durations or Durations()
        self._rate = rate * SHARE_OF_BUDGET
        self._seen: dict[JobRowId, datetime] = {}

    def first_poll(self, job: Job) -> timedelta:
        now = job.submitted_at or job.created_at
        return self.next_poll(job, now)

    def next_poll(self, job: Job, now: datetime) -> timedelta:
        self._seen[job.id] = now
        age, asked = ages(job, now) or (0.0, 0.0)
        law = self.durations.of(job.action)
        wait = next_poll(age, asked, law)
        # The wait grows with the root of the price, so the price that brings the questions a second of all running jobs
        # down to the budget is the square of how far they are above it.
        load = self._running(now) / (max(wait, 0.05) * self._rate)
        if load > 1:
            wait = next_poll(age, asked, law, PRICE * load**2)
        return timedelta(seconds=wait)

    def ended(self, job: Job, now: datetime) -> None:
        self._seen.pop(job.id, None)
        if job.submitted_at is None:
            return
        asked = job.polled_at or job.submitted_at
        after, by = (asked - job.submitted_at).total_seconds(), (now - job.submitted_at).total_seconds()
        self.durations = self.durations.learned(job.action, after, by)

    def _running(self, now: datetime) -> int:
        self._seen = {id: at for id, at in self._seen.items() if now - at < FORGOTTEN}
        return len(self._seen)
