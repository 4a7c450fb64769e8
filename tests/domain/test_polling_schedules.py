"""The rule against the schedules that most tools use, with jobs that come at random."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.model import Action, Job
from bot.domain.polling import Durations, choose, kind_of
from tests.domain.test_polling import REGION, a_job, at, laws_of

Schedule = Callable[[list[Job], datetime, Durations], list[Job]]
BUDGET = 2
"""Questions a second, for all jobs together."""


def mean_delay(schedule: Schedule, seconds: int = 400) -> float:
    """The mean seconds from a job's end to its being seen, with one answer every 1 / BUDGET seconds."""
    dice = random.Random(11)
    ends: dict[int, float] = {}
    running: list[Job] = []
    delays: list[float] = []
    durations = Durations()
    for tick in range(seconds * BUDGET):
        now = tick / BUDGET
        for action, median, spread in ((Action.SHARE, 2.0, 0.5), (Action.UNSHARE, 40.0, 1.0)):
            if dice.random() < 0.3 / BUDGET:
                number = len(ends) + 1
                ends[number] = now + dice.lognormvariate(math.log(median), spread)
                running.append(a_job(number, sent=now, action=action))
        for job in schedule(running, at(now), durations)[:1]:
            running.remove(job)
            assert job.submitted_at is not None
            asked = ((job.polled_at or job.submitted_at) - job.submitted_at).total_seconds()
            kind, age = kind_of(job.action, REGION), (at(now) - job.submitted_at).total_seconds()
            if ends[job.id] > now:
                running.append(replace(job, polled_at=at(now), reads=job.reads + 1))
                durations = durations.survived(kind, asked, age)
            else:
                delays.append(now - ends[job.id])
                durations = durations.ended(kind, asked, age)
    delays += [seconds - ends[job.id] for job in running if ends[job.id] < seconds]
    return sum(delays) / len(delays)


def due_by(interval: Callable[[Job], float]) -> Schedule:
    """Jobs whose interval since the last question has passed, the one overdue longest first."""

    def schedule(jobs: list[Job], now: datetime, durations: Durations) -> list[Job]:
        due = [
            ((job.polled_at or job.submitted_at or now) + timedelta(seconds=interval(job)), job.id, job)
            for job in jobs
        ]
        return [job for when, _, job in sorted(due, key=lambda each: each[:2]) if when <= now]

    return schedule


def by_worth(jobs: list[Job], now: datetime, durations: Durations) -> list[Job]:
    return list(choose(jobs, now, laws_of(durations)))


def test_the_rule_sees_ends_sooner_than_the_usual_schedules() -> None:
    """With the same number of questions: what the rule is for. It learns on the way, from questions alone."""
    ours = mean_delay(by_worth)
    fixed = mean_delay(due_by(lambda job: 5.0))
    backing_off = mean_delay(due_by(lambda job: min(2.0**job.reads, 60.0)))

    assert ours < 0.65 * fixed
    assert ours < 0.65 * backing_off
