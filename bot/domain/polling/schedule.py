"""Which job to ask about next, and when a job is worth a question.

A job that has ended and has not been asked about keeps people waiting. With few questions for many jobs each
question has a price: the seconds of waiting that it must save. The best schedule that cannot see the ends asks about
a job when the price at which asking now is as good as asking later (its Whittle index) reaches the price of a
question. For jobs that end at a steady rate that index is, exactly, the integral since the last question of
P(running then) / P(running now) - 1. The same formula is taken for every law: nearly as good as the index itself,
which takes a dynamic programme, and far better than the expected unseen time (the same integral, divided by how
sure it is that the job still runs) as soon as quick and slow jobs compete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol, TypeVar

from bot.domain.model import Action, JobRowId
from bot.domain.polling.law import Law

PRICE = 0.1
"""Seconds of waiting that one question must save, when nothing else has to be asked."""
SOONEST = 0.5
"""Seconds after its submission before which no job is asked about: the cloud does not know it yet."""
LONGEST = 60.0
"""Seconds after which a running job is asked about again, however unlikely it is that it ended."""

HIGHEST = 300.0
"""Seconds; nothing is worth more. A job not asked about for nine minutes is worth that, and of jobs alike the oldest goes
first: so none starves, however many quick ones surely have ended."""


class Sent(Protocol):
    """A job, or as much of one as is needed here."""

    @property
    def id(self) -> JobRowId: ...
    @property
    def action(self) -> Action: ...
    @property
    def submitted_at(self) -> datetime | None: ...
    @property
    def polled_at(self) -> datetime | None: ...


Asked = TypeVar("Asked", bound=Sent)


def worth(age: float, asked_at_age: float, law: Law) -> float:
    """The price in seconds up to which it is right to ask now about a job of this age that was found running at an
    earlier age (0: not yet asked about).

    Grows with the age, from 0 to HIGHEST: never less than for a job that ends at a steady rate within ten
    minutes, so that no job is forgotten whatever is learned and however many others there are.
    """
    return min(law.odds(max(asked_at_age, 0.0), age), HIGHEST) if age > asked_at_age else 0.0


def next_poll(age: float, asked_at_age: float, law: Law, price: float = PRICE) -> float:
    """The seconds from now until the job is worth the price: 0 when it is; never before the job is half a
    second old, never later than a minute after it was last asked about."""
    soonest = max(age, SOONEST)
    if worth(soonest, asked_at_age, law) >= price:
        return soonest - age
    low, high = soonest, max(soonest, asked_at_age + LONGEST)
    while high - low > 0.01:
        middle = (low + high) / 2
        if worth(middle, asked_at_age, law) >= price:
            high = middle
        else:
            low = middle
    return high - age


def ages(job: Sent, now: datetime) -> tuple[float, float] | None:
    """The job's age and its age when it was last found running, in seconds; None for a job that was not
    sent."""
    if job.submitted_at is None:
        return None
    asked = job.polled_at or job.submitted_at
    age = (now - job.submitted_at).total_seconds()
    return max(age, 0.0), max((asked - job.submitted_at).total_seconds(), 0.0)


def choose(jobs: Iterable[Asked], now: datetime, law_of: Callable[[Asked], Law]) -> tuple[Asked, ...]:
    """The jobs in the order in which to ask about them: the most worth first, then the oldest. Those not sent, and
    those sent less than half a second ago, are left out."""
    rated = []
    for job in jobs:
        found = ages(job, now)
        if found is not None and found[0] >= SOONEST:
            rated.append((-worth(*found, law_of(job)), -found[0], job.id, job))
    return tuple(each[-1] for each in sorted(rated, key=lambda each: each[:-1]))
