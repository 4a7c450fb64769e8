"""When to ask the cloud about which job. Here: how long jobs of each kind take, learned as they end, and
what not asking costs. Never: the asking, the clock, or how many questions a second are allowed.

The rule: a job that has ended and has not been asked about keeps people waiting. How long it has kept them
waiting so far is not known, but its expectation is: the area under the probability that the job ended since
it was last found running. Ask first about the job with the largest area; with time to spare, ask about a
job when its area reaches a price. This does as well as the best schedule that cannot see the end, where a
fixed interval or a growing one waits twice as long.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from bot.domain.model import Action, Job

PRICE = 0.1
"""Seconds of expected waiting that one question is worth, when nothing else has to be asked."""
SOONEST = 0.5
"""Seconds after its submission before which no job is asked about: the cloud does not know it yet."""
LONGEST = 60.0
"""Seconds after which a running job is asked about again, however unlikely it is that it ended."""

_ROOT_2 = math.sqrt(2.0)
_MEMORY = 300.0
"""Ended jobs that weigh in the learned law; older ones fade."""
_PRIOR_WEIGHT = 6.0
"""Jobs that what is believed at the start counts for."""
_NARROWEST, _WIDEST = 0.05, 2.5
"""Bounds of the learned spread (of the logarithm): neither a certainty nor a shrug."""
_SHORTEST, _LONGEST_LIFE = 0.01, 1e6
"""Seconds; a job that took less, or more, is taken for one that took that."""
_TAIL_SHARE, _TAIL_FACTOR, _TAIL_SPREAD = 0.05, 8.0, 1.5
"""Some jobs take far longer than their like: that many, by that factor in the middle, spread so widely."""
_PATIENCE = 600.0
"""A job still running is taken to end at least at the rate of one in so many seconds, whatever was learned, so
that the wait for an old job is never taken for nothing."""


@dataclass(frozen=True, kw_only=True)
class Law:
    """How long jobs of one kind take: log-normal, with a heavy tail. `mean` and `square` are those of the
    logarithm of the seconds and of its square, `weight` the number of jobs they stand for."""

    mean: float = math.log(2.0)
    square: float = math.log(2.0) ** 2 + 0.7**2
    weight: float = _PRIOR_WEIGHT

    @property
    def spread(self) -> float:
        variance = self.square - self.mean**2
        return min(max(math.sqrt(max(variance, 0.0)), _NARROWEST), _WIDEST)

    @property
    def median(self) -> float:
        """Seconds within which half of the jobs end, the tail left out."""
        return math.exp(self.mean)

    def running(self, age: float) -> float:
        """The probability that a job still runs at this age, in seconds."""
        return sum(share * _survival(age, mean, spread) for share, mean, spread in self._parts())

    def time_running(self, age: float) -> float:
        """The seconds a job is expected to run beyond this age, times the probability that it gets there."""
        return sum(share * _beyond(age, mean, spread) for share, mean, spread in self._parts())

    def learned(self, after: float, by: float) -> Law:
        """The law once a job is known to have ended between two ages in seconds. Ages that make no sense
        teach nothing."""
        if not (math.isfinite(after) and math.isfinite(by)) or by <= 0 or after > by:
            return self
        by = min(max(by, _SHORTEST), _LONGEST_LIFE)
        mean, square = _between(min(max(after, 0.0), by), by, self.mean, self.spread)
        weight = min(self.weight + 1.0, _MEMORY)
        return Law(
            mean=self.mean + (mean - self.mean) / weight,
            square=self.square + (square - self.square) / weight,
            weight=weight,
        )

    def _parts(self) -> tuple[tuple[float, float, float], ...]:
        body = (1.0 - _TAIL_SHARE, self.mean, self.spread)
        return body, (_TAIL_SHARE, self.mean + math.log(_TAIL_FACTOR), max(_TAIL_SPREAD, self.spread))


@dataclass(frozen=True)
class Durations:
    """The law of every kind of job. A value: learning gives a new one, of the same size."""

    laws: Mapping[Action, Law] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, kind: Action) -> Law:
        return self.laws.get(kind) or Law()

    def learned(self, kind: Action, after: float, by: float) -> Durations:
        """Once a job of this kind was found running at the age `after` and ended at the age `by`, in
        seconds."""
        return Durations({**self.laws, kind: self.of(kind).learned(after, by)})

    def to_plain(self) -> dict[str, dict[str, float]]:
        """As JSON values, to be kept over a restart."""
        return {
            str(kind): {"mean": law.mean, "square": law.square, "weight": law.weight}
            for kind, law in sorted(self.laws.items())
        }

    @classmethod
    def from_plain(cls, plain: object) -> Durations:
        """What `to_plain` gave. A kind that is unknown or makes no sense is as if nothing had been learned
        of it: what was learned is worth little, and is never worth a bot that does not start."""
        laws: dict[Action, Law] = {}
        for kind in Action:
            law = _law_of(plain.get(str(kind))) if isinstance(plain, Mapping) else None
            if law is not None:
                laws[kind] = law
        return cls(laws)


def expected_unseen(age: float, asked_at_age: float, law: Law) -> float:
    """The seconds that the job's end is expected to have gone unseen, for a job of this age that was found
    running at an earlier age (0: not yet asked about).

    That is the integral, from then to now, of the probability that it had ended, given that it ran then.
    Never less than for a job that ends at a steady rate within ten minutes, so that no old job is
    forgotten.
    """
    start, waited = max(asked_at_age, 0.0), age - max(asked_at_age, 0.0)
    if waited <= 0:
        return 0.0
    steady = waited + _PATIENCE * math.expm1(-waited / _PATIENCE)
    surviving = law.running(start)
    if surviving <= 0:
        return waited
    area = waited - (law.time_running(start) - law.time_running(age)) / surviving
    return min(max(area, steady, 0.0), waited)


def next_poll(age: float, asked_at_age: float, law: Law, price: float = PRICE) -> float:
    """The seconds from now until the job's expected unseen time reaches the price: 0 when it has; never
    before the job is half a second old, never later than a minute after it was last asked about."""
    soonest = max(age, SOONEST)
    latest = max(soonest, asked_at_age + LONGEST)
    if expected_unseen(soonest, asked_at_age, law) >= price:
        return soonest - age
    low, high = soonest, latest
    while high - low > 0.01:
        middle = (low + high) / 2
        if expected_unseen(middle, asked_at_age, law) >= price:
            high = middle
        else:
            low = middle
    return high - age


def ages(job: Job, now: datetime) -> tuple[float, float] | None:
    """The job's age and its age when it was last found running, in seconds; None for a job that was not
    sent."""
    if job.submitted_at is None:
        return None
    asked = job.polled_at or job.submitted_at
    age = (now - job.submitted_at).total_seconds()
    return max(age, 0.0), max((asked - job.submitted_at).total_seconds(), 0.0)


def choose(jobs: Iterable[Job], now: datetime, durations: Durations) -> tuple[Job, ...]:
    """The jobs in the order in which to ask about them: the largest expected unseen time first, then the
    oldest. Those not sent, and those sent less than half a second ago, are left out."""
    rated = []
    for job in jobs:
        found = ages(job, now)
        if found is not None and found[0] >= SOONEST:
            rated.append((-expected_unseen(*found, durations.of(job.action)), -found[0], job.id, job))
    return tuple(each[-1] for each in sorted(rated, key=lambda each: each[:-1]))


def _survival(age: float, mean: float, spread: float) -> float:
    """P(T > age) for a log-normal T."""
    return 1.0 if age <= 0 else 0.5 * math.erfc((math.log(age) - mean) / (spread * _ROOT_2))


def _beyond(age: float, mean: float, spread: float) -> float:
    """The integral of P(T > t) from `age` on: E[T; T > age] - age P(T > age)."""
    whole = math.exp(mean + spread**2 / 2)
    if age <= 0:
        return whole
    z = (math.log(age) - mean) / spread
    return 0.5 * (whole * math.erfc((z - spread) / _ROOT_2) - age * math.erfc(z / _ROOT_2))


def _between(after: float, by: float, mean: float, spread: float) -> tuple[float, float]:
    """The expected logarithm, and its square, of a duration known to lie between two ages (a truncated
    normal)."""
    low = -math.inf if after <= 0 else (math.log(after) - mean) / spread
    high = (math.log(by) - mean) / spread
    mass = 0.5 * (math.erfc(low / _ROOT_2) - math.erfc(high / _ROOT_2))
    if mass < 1e-9:
        # So far out that only the nearer end matters, or a single instant.
        z = low if low > 0 else high
        return mean + spread * z, (mean + spread * z) ** 2
    density_low = 0.0 if low == -math.inf else math.exp(-low * low / 2) / math.sqrt(2 * math.pi)
    density_high = math.exp(-high * high / 2) / math.sqrt(2 * math.pi)
    first = (density_low - density_high) / mass
    edge = 0.0 if low == -math.inf else low * density_low
    second = 1.0 + (edge - high * density_high) / mass
    return mean + spread * first, mean**2 + 2 * mean * spread * first + spread**2 * second


def _law_of(plain: object) -> Law | None:
    if not isinstance(plain, Mapping):
        return None
    values = [plain.get(key) for key in ("mean", "square", "weight")]
    if not all(isinstance(v, int | float) and math.isfinite(v) and abs(v) < 1e4 for v in values):
        return None
    mean, square, weight = (float(str(v)) for v in values)
    sensible = abs(mean) < 20 and square >= mean**2 - 1e-6 and weight > 0
    return Law(mean=mean, square=square, weight=min(weight, _MEMORY)) if sensible else None
