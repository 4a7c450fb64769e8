"""The budget of calls (goal G8): the bot's own Budget before a gateway that refuses, in virtual time.

The gateway here counts every call that arrives, and refuses the one that would be more than its limit within the last
second, wherever that second begins. A call takes 1 to 100 ms to arrive, some 200, and as long again to be answered, so
that calls overtake each other. Three kinds of calls never let the budget rest.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from dataclasses import dataclass, field
from typing import Any

from bot.adapters.huawei.budget import Budget, Priority

RATE = 10
SECONDS = 60.0
OUTAGE_AT, OUTAGE = 20.0, 0.5
"""When the gateway refuses everything, and how many seconds long."""


class VirtualTime:
    """The earliest sleeper wakes as soon as nobody else has anything to do."""

    def __init__(self) -> None:
        self.now = 0.0
        self._numbers = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + max(seconds, 0.0), next(self._numbers), woken))
        await woken

    async def run(self, until: float) -> None:
        while self.now < until:
            for _ in range(12):
                await asyncio.sleep(0)
            self._sleepers = [each for each in self._sleepers if not each[2].done()]
            earliest = min(self._sleepers)
            self.now = max(self.now, earliest[0])
            earliest[2].set_result(None)


@dataclass
class Gateway:
    """Takes `limit` calls in any second; refused ones count, too, as they do in the real one."""

    limit: int
    outage: tuple[float, float] = (-1.0, -1.0)
    arrived: list[float] = field(default_factory=list)
    taken: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    def arrives(self, now: float) -> bool:
        """Whether the call is taken."""
        self.arrived.append(now)
        within = sum(1 for at in self.arrived if at > now - 1.0)
        good = within <= self.limit and not self.outage[0] <= now < self.outage[1]
        (self.taken if good else self.refused).append(now)
        return good


@dataclass(frozen=True, kw_only=True)
class Seen:
    gateway: Gateway
    waits: dict[Priority, list[float]]
    """Seconds each call waited for its turn, by urgency."""


def drive(gateway: Gateway, *, seed: int, seconds: float) -> Seen:
    """The budget under more of every kind of call than it has room for."""
    time, dice = VirtualTime(), random.Random(seed)
    bucket = Budget(RATE, RATE, clock=time.clock, sleep=time.sleep)
    waits: dict[Priority, list[float]] = {priority: [] for priority in Priority}

    async def caller(priority: Priority) -> None:
        while True:
            await _one(bucket, gateway, time, dice, waits[priority], priority)

    async def all_of_them() -> None:
        tasks = [asyncio.create_task(caller(priority)) for priority in Priority for _ in range(5)]
        await time.run(seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(all_of_them())
    return Seen(gateway=gateway, waits=waits)


async def _one(
    bucket: Budget, gateway: Gateway, time: VirtualTime, dice: random.Random, waits: list[float], priority: Priority
) -> None:  # fmt: skip
    asked = time.now
    turn = await bucket.take(priority)
    waits.append(time.now - asked)
    turn.sending()
    way = _way(dice)
    await time.sleep(way)
    good = gateway.arrives(time.now)
    await time.sleep(_way(dice))
    turn.answered()
    if good:
        bucket.accepted()
    else:
        bucket.throttled()
    await time.sleep(dice.choice((0.0, 0.0, 2.0 * dice.random())))


def _way(dice: random.Random) -> float:
    return 0.2 if dice.random() < 0.02 else dice.uniform(0.001, 0.1)


def most_in_a_second(times: list[float]) -> int:
    """Over all windows of one second, wherever they begin."""
    times, most, first = sorted(times), 0, 0
    for n, at in enumerate(times):
        while times[first] <= at - 1.0:
            first += 1
        most = max(most, n - first + 1)
    return most


def recovery(seen: Seen) -> float:
    """Seconds from the end of the outage until calls are taken again."""
    end = OUTAGE_AT + OUTAGE
    return next(at for at in sorted(seen.gateway.taken) if at >= end) - end


def run(rounds: int = 5, *, quick: bool = False) -> list[dict[str, Any]]:
    """Counts, not times: they are the same on every machine."""
    seconds = 25.0 if quick else SECONDS
    calm = [drive(Gateway(RATE), seed=seed, seconds=seconds) for seed in range(rounds)]
    outage = (OUTAGE_AT, OUTAGE_AT + OUTAGE)
    shaken = [drive(Gateway(RATE, outage), seed=seed, seconds=seconds) for seed in range(rounds)]
    most = max(most_in_a_second(each.gateway.arrived) for each in calm)
    refused = sum(len(each.gateway.refused) for each in calm)
    longest = max(recovery(each) for each in shaken)
    taken = sum(len(each.gateway.taken) for each in calm) / rounds / seconds
    waits = [wait for each in calm for wait in each.waits[Priority.LOOKUP]]
    return [
        _row("calls arriving in the worst second of all, against the budget", RATE, most, (RATE, "<= 1")),
        _row("calls refused where the gateway's limit is the budget (virtual time)", 0, refused, (0, "none")),
        _row("s without a call after a gateway that refused all: 2 windows", 2.0, longest, (2.0, "<= 1")),
        _row("calls a second taken, against the budget", RATE, taken, (None, "(no goal)")),
        _row("longest wait of a look-up in s, every kind waiting, against 9 turns of 5", 45 / RATE, max(waits), (None, "(no goal)")),
    ]  # fmt: skip


def _row(what: str, floor: float, ours: float, bound: tuple[float | None, str]) -> dict[str, Any]:
    most, words = bound
    return {
        "goal": "G8", "what": what, "floor": floor, "ours": ours, "ratio": ours / floor if floor else float(ours),
        "goal_text": words, "ok": most is None or ours <= most,
    }  # fmt: skip


if __name__ == "__main__":
    for row in run():
        print(row)
