"""One process's knowledge of how long jobs take, and what follows from it: when a job is worth a question, and which one
is asked about first when there are more of them than questions (bot.domain.polling)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from bot.domain.model import Action, Job
from bot.domain.polling import Asked, Durations, Kind, Law, ages, choose, kind_of, next_poll

KEEP_EVERY = timedelta(seconds=5)
"""What was learned is written down at most so often."""


class LearnedPace:
    """`region`: where the jobs run, for jobs of another region are of another kind. `turn_in`: seconds until a question
    chosen now would get its turn among all calls to the cloud; 0 when it is time to choose the next."""

    def __init__(
        self, region: str, durations: Durations | None = None, *, turn_in: Callable[[], float] = lambda: 0.0
    ) -> None:
        self.durations = durations or Durations()
        self._region = region
        self._turn_in = turn_in
        self._changed: set[Kind] = set()
        self._kept_at: datetime | None = None

    def first_poll(self, job: Job) -> timedelta:
        return self._wait(job, job.polled_at or job.submitted_at or job.created_at)

    def next_poll(self, job: Job, now: datetime) -> timedelta:
        found = ages(job, now)
        if found is not None:
            age, asked = found
            kind = self._kind(job)
            self.durations = self.durations.survived(kind, asked, age)
            self._changed.add(kind)
            return timedelta(seconds=next_poll(age, age, self.durations.of(kind)))
        return self._wait(job, now)

    def ended(self, job: Job, now: datetime) -> None:
        found = ages(job, now)
        if found is not None:
            age, asked = found
            kind = self._kind(job)
            self.durations = self.durations.ended(kind, asked, age)
            self._changed.add(kind)

    def order(self, jobs: Sequence[Asked], now: datetime) -> tuple[Asked, ...]:
        laws = {action: self.durations.of(kind_of(action, self._region)) for action in Action}
        return choose(jobs, now, lambda job: laws[job.action])

    def turn_in(self) -> float:
        return self._turn_in()

    def to_keep(self, now: datetime) -> Mapping[str, Mapping[str, object]]:
        if not self._changed or (self._kept_at is not None and now - self._kept_at < KEEP_EVERY):
            return {}
        kept = {str(kind): self.durations.of(kind).to_plain() for kind in sorted(self._changed)}
        self._changed.clear()
        self._kept_at = now
        return kept

    def _wait(self, job: Job, now: datetime) -> timedelta:
        return timedelta(seconds=next_poll(*(ages(job, now) or (0.0, 0.0)), self._law(job)))

    def _law(self, job: Job) -> Law:
        return self.durations.of(self._kind(job))

    def _kind(self, job: Job) -> Kind:
        return kind_of(job.action, self._region)
