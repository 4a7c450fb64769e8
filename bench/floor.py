"""The best that any schedule of questions could do that cannot see when jobs end, but knows exactly how long they take: a
bound, computed, that no schedule reaches in every second.

For one job and a price of a question, a dynamic programme over the ages finds when to ask so that the mean delay plus
the price of all questions is least. The price at which that buys as many questions as there are gives the least mean
delay (Lagrange): the budget is met on average only, never having to make a question wait, so real schedules lie above.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Law = Callable[[float], float]
"""P(a job has ended by this age in seconds)."""


def log_normal(median: float, spread: float) -> Law:
    """`spread`: of the logarithm."""
    return lambda age: 0.0 if age <= 0 else 0.5 * math.erfc(-math.log(age / median) / (spread * math.sqrt(2)))


@dataclass
class OneKind:
    """Jobs of one kind, on a grid of ages at which they may be asked about."""

    law: Law
    points: int = 1200
    first: float = 0.05
    last: float = 40_000.0
    ages: list[float] = field(init=False)
    ended: list[float] = field(init=False)
    area: list[float] = field(init=False)
    """The integral of `ended` up to the age."""

    def __post_init__(self) -> None:
        step = (self.last / self.first) ** (1 / (self.points - 1))
        self.ages = [0.0, *(self.first * step**n for n in range(self.points))]
        self.ended = [self.law(age) for age in self.ages]
        self.area = [0.0]
        for n in range(1, len(self.ages)):
            low, high = self.ages[n - 1], self.ages[n]
            simpson = self.ended[n - 1] + 4 * self.law((low + high) / 2) + self.ended[n]
            self.area.append(self.area[-1] + (high - low) / 6 * simpson)

    def cost(self, price: float) -> float:
        """The least of a job's mean delay plus `price` times its mean number of questions."""
        ages, ended, area = self.ages, self.ended, self.area
        last = len(ages) - 1
        rest, best_next = [0.0] * (last + 1), last
        for n in range(last - 1, -1, -1):
            least = math.inf
            for k in range(n + 1, min(best_next + 8, last) + 1):
                # The best next age falls with the present one: what lies beyond need not be tried.
                cost = area[k] - ended[n] * ages[k] + rest[k]
                if cost < least:
                    least, best_next_here = cost, k
            best_next = best_next_here
            rest[n] = least + (1 - ended[n]) * price - area[n] + ended[n] * ages[n]
        return rest[0]


def least_delay(kinds: Sequence[tuple[float, OneKind]], questions: float) -> float:
    """The least mean delay in seconds for so many questions a job. `kinds`: the share of each among the jobs."""

    def bound(log_price: float) -> float:
        price = math.exp(log_price)
        return sum(share * kind.cost(price) for share, kind in kinds) - price * questions

    low, high, golden = math.log(1e-3), math.log(1e3), (math.sqrt(5) - 1) / 2
    left, right = high - golden * (high - low), low + golden * (high - low)
    at_left, at_right = bound(left), bound(right)
    for _ in range(24):
        if at_left < at_right:
            low, left, at_left = left, right, at_right
            right = low + golden * (high - low)
            at_right = bound(right)
        else:
            high, right, at_right = right, left, at_left
            left = high - golden * (high - low)
            at_left = bound(left)
    return max(at_left, at_right)
