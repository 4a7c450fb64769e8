"""How long jobs of one kind take, as the rate at which they end at each age.

The ages are cut into spans, each a quarter longer than the one before. Of each span is kept how many jobs
ended in it and how many seconds jobs were watched running in it; the rate is their quotient. So each answer
teaches exactly what it says. Found running: so many seconds without an end, also of a job that has not ended yet
(censored to the right). Found ended: an end somewhere since the last question (censored to an interval),
spread over the spans by what is known of them already.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

MEMORY = 500.0
"""Ended jobs that weigh in a law; older ones fade, so that a change of the cloud is followed."""
PATIENCE = 600.0
"""A job still running is taken to end at least at the rate of one in so many seconds, whatever was learned, so
that an old job never counts for nothing."""

_FIRST, _GROWTH, _SPANS = 0.25, 1.25, 46
_EDGES = (0.0, *(_FIRST * _GROWTH**n for n in range(_SPANS - 1)))
"""Where each span begins, in seconds; the last one, beyond an hour and a half, has no end."""
_ENDS = (*_EDGES[1:], math.inf)
_WIDTHS = (*(end - start for start, end in pairwise(_EDGES)), _EDGES[-1] * (_GROWTH - 1))
_FASTEST = 50.0
_LONGEST_LIFE = 1e6
_LARGEST = 40.0
"""Exponents are cut off here: e**40 seconds are more than anything else."""

_EXACT = 1e6
"""Seconds; with larger numbers a difference of them is not exact enough."""

_PRIOR_WEIGHT = 6.0
"""Jobs that what is believed at the start counts for."""
_PRIOR = ((0.95, 2.0, 0.7), (0.05, 16.0, 1.5))
"""Share, median in seconds and spread (of the logarithm): adding and removing members ends in one to three
seconds, and some jobs take far longer."""


@dataclass(frozen=True)
class Law:
    """A value: learning gives a new one, of the same size."""

    ends: tuple[float, ...] = field(default_factory=lambda: _prior()[0])
    """Per span the jobs that ended in it."""
    seconds: tuple[float, ...] = field(default_factory=lambda: _prior()[1])
    """Per span the seconds jobs were watched running in it."""

    @cached_property
    def rates(self) -> tuple[float, ...]:
        """Ends a second of a job still running, per span; each smoothed with its two neighbours."""
        ends = (self.ends[0], *self.ends, self.ends[-1])
        watched = [seconds / width for seconds, width in zip(self.seconds, _WIDTHS, strict=True)]
        watched = [watched[0], *watched, watched[-1]]
        found = []
        for n, width in enumerate(_WIDTHS):
            ended = ends[n] + 2 * ends[n + 1] + ends[n + 2]
            spans = watched[n] + 2 * watched[n + 1] + watched[n + 2]
            found.append(min(max(ended / (spans * width), 1 / PATIENCE), _FASTEST))
        return tuple(found)

    @cached_property
    def _until(self) -> tuple[float, ...]:
        """Per span the rates summed up over the time before it."""
        total, found = 0.0, []
        for rate, width in zip(self.rates, _WIDTHS, strict=True):
            found.append(total)
            total += rate * width
        return tuple(found)

    def running(self, age: float) -> float:
        """The probability that a job still runs at this age, in seconds."""
        n = _span(age)
        return math.exp(-(self._until[n] + max(age - _EDGES[n], 0.0) * self.rates[n]))

    @property
    def median(self) -> float:
        """Seconds within which half of the jobs end."""
        half = math.log(2.0)
        n = max(n for n, summed in enumerate(self._until) if summed <= half)
        return _EDGES[n] + (half - self._until[n]) / self.rates[n]

    @cached_property
    def _grown(self) -> tuple[float, ...]:
        """Per span the integral, over all time before it, of P(running then) / P(running where it begins)."""
        total, found = 0.0, []
        for rate, width in zip(self.rates, _WIDTHS, strict=True):
            found.append(total)
            total = _grow(total, rate, width)
        return tuple(found)

    def odds(self, after: float, by: float) -> float:
        """The integral, over the ages from `after` to `by` in seconds, of P(running then) / P(running at `by`) - 1."""
        first, last = _span(after), _span(by)
        before = _grow(self._grown[first], self.rates[first], after - _EDGES[first])
        whole = _grow(self._grown[last], self.rates[last], by - _EDGES[last])
        if whole > _EXACT:
            return self._odds_span_by_span(after, by)
        passed = self._until[last] + (by - _EDGES[last]) * self.rates[last]
        passed -= self._until[first] + (after - _EDGES[first]) * self.rates[first]
        return max(whole - before * math.exp(min(passed, _LARGEST)) - (by - after), 0.0)

    def _odds_span_by_span(self, after: float, by: float) -> float:
        """Where what lies before `after` would drown the rest in rounding."""
        found, weight, at, n = 0.0, 1.0, by, _span(by)
        while at > after:
            start = max(_EDGES[n], after)
            grown = math.exp(min(self.rates[n] * (at - start), _LARGEST))
            found += weight * (grown - 1.0) / self.rates[n] - (at - start)
            weight = min(weight * grown, math.exp(_LARGEST))
            at, n = start, n - 1
        return max(found, 0.0)

    def survived(self, after: float, by: float) -> Law:
        """The law once a job found running at one age was found running at a later one, too."""
        if not _sensible(after, by):
            return self
        seconds = list(self.seconds)
        for n, length in _spans(after, by):
            seconds[n] += length
        return Law(self.ends, tuple(seconds))

    def ended(self, after: float, by: float) -> Law:
        """The law once a job was found running at one age and ended at a later one. Ages that make no sense
        teach nothing."""
        if not _sensible(after, by):
            return self
        kept = 1.0 - 1.0 / MEMORY
        ends, seconds = [kept * e for e in self.ends], [kept * s for s in self.seconds]
        left, parts = 1.0, []
        for n, length in _spans(after, by):
            rate = self.rates[n]
            stays = math.exp(-rate * length)
            parts.append((n, length, left * (1.0 - stays), left * stays, _mean_wait(rate, length)))
            left *= stays
        whole = sum(part[2] for part in parts)
        if whole <= 0.0:  # an instant
            n, length = _span(by), 0.0
            parts, left, whole = [(n, length, 1.0, 0.0, 0.0)], 0.0, 1.0
        for n, length, here, later, wait in parts:
            ends[n] += here / whole
            seconds[n] += (here * wait + max(later - left, 0.0) * length) / whole
        return Law(tuple(ends), tuple(seconds))

    def to_plain(self) -> dict[str, list[float]]:
        """As JSON values."""
        return {"ends": list(self.ends), "seconds": list(self.seconds)}

    @classmethod
    def from_plain(cls, plain: object) -> Law | None:
        """What `to_plain` gave; None for anything else."""
        if not isinstance(plain, Mapping):
            return None
        ends, seconds = _numbers(plain.get("ends"), least=0.0), _numbers(plain.get("seconds"), least=1e-12)
        return None if ends is None or seconds is None else cls(ends, seconds)


def _span(age: float) -> int:
    """Which span holds this age."""
    return max(bisect_right(_EDGES, age) - 1, 0)


def _grow(total: float, rate: float, length: float) -> float:
    """The integral in Law._grown, after so many more seconds at this rate."""
    grown = math.exp(min(rate * length, _LARGEST))
    return min(total * grown + (grown - 1.0) / rate, math.exp(_LARGEST))


def _spans(after: float, by: float) -> Iterator[tuple[int, float]]:
    """The spans between two ages, and the seconds of each that lie there."""
    at, by = max(after, 0.0), min(by, _LONGEST_LIFE)
    n = _span(at)
    while at < by:
        end = min(_ENDS[n], by)
        yield n, end - at
        at, n = end, n + 1


def _mean_wait(rate: float, length: float) -> float:
    """The mean seconds until an end at this rate that comes within `length`."""
    reach = rate * length
    if reach < 1e-4:
        return length / 2
    return 1.0 / rate - length / math.expm1(min(reach, _LARGEST))


def _sensible(after: float, by: float) -> bool:
    return math.isfinite(after) and math.isfinite(by) and by > 0.0 and after <= by


def _prior() -> tuple[tuple[float, ...], tuple[float, ...]]:
    def running(age: float) -> float:
        return 1.0 - sum(share * _log_normal(age, median, spread) for share, median, spread in _PRIOR)

    ends, seconds = [], []
    for start, width in zip(_EDGES, _WIDTHS, strict=True):
        before, later = running(start), running(start + width)
        ends.append(_PRIOR_WEIGHT * max(before - later, 1e-12))
        seconds.append(_PRIOR_WEIGHT * max((before + later) / 2 * width, 1e-9))
    return tuple(ends), tuple(seconds)


def _log_normal(age: float, median: float, spread: float) -> float:
    """P(T <= age)."""
    return 0.0 if age <= 0 else 0.5 * math.erfc(-math.log(age / median) / (spread * math.sqrt(2.0)))


def _numbers(values: object, *, least: float) -> tuple[float, ...] | None:
    if not isinstance(values, Sequence) or len(values) != _SPANS:
        return None
    good = all(
        isinstance(v, int | float) and not isinstance(v, bool) and least <= v < _LONGEST_LIFE**2
        for v in values
    )
    return tuple(float(v) for v in values) if good else None
