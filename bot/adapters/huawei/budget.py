"""How fast the cloud may be asked: one bucket for the whole account, whoever asks.

Two limits hold together: on average never faster than the rate, and in any window of one second never more
than the rate (or the burst, where that is larger). A gateway that throttles pauses everybody. Waiters are
served by urgency, yet each gains with the time it waited, so that a stream of polls cannot starve a look-up.
Time is handed in.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import IntEnum

from bot.domain.errors import CloudBusyError

PATIENCE = 2.0
"""Seconds of waiting that make up for one step of priority."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 600.0
_SLACK = 1e-9


class Priority(IntEnum):
    """Lower goes first."""

    WRITE = 0
    POLL = 1
    LOOKUP = 2


@dataclass(order=True)
class _Waiter:
    rank: float
    number: int
    first: asyncio.Event = field(compare=False, default_factory=asyncio.Event)


class Budget:
    """At most `rate` calls a second, up to `burst` of them at once."""

    def __init__(
        self,
        rate: float,
        burst: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        if not rate > 0 or burst < 1:
            raise ValueError("a budget needs a rate above 0 and a burst of at least 1")
        self.rate, self.burst = rate, burst
        self._clock, self._sleep = clock, sleep
        self._tokens, self._counted_at = float(burst), clock()
        self._granted: deque[float] = deque(maxlen=max(math.ceil(rate), burst))
        self._paused_until = -math.inf
        self._next_pause = FIRST_PAUSE
        self._waiting: list[_Waiter] = []
        self._numbers = itertools.count()

    @property
    def waiting(self) -> int:
        """How many calls wait for their turn."""
        return len(self._waiting)

    @property
    def pause_left(self) -> float:
        """Seconds until the cloud may be asked again after it throttled; 0 when it may be asked."""
        return max(0.0, self._paused_until - self._clock())

    async def take(self, priority: Priority, *, patience: float = math.inf) -> None:
        """Returns when the call may be sent. Raises CloudBusyError at once when a pause would outlast
        `patience` seconds."""
        if (left := self.pause_left) > patience:
            raise CloudBusyError("the cloud asked us to pause", retry_after=left)
        if not self._waiting and self._delay() <= _SLACK:
            self._grant()
            return
        waiter = _Waiter(self._clock() + PATIENCE * priority, next(self._numbers))
        heapq.heappush(self._waiting, waiter)
        try:
            while self._waiting[0] is not waiter or (delay := self._delay()) > _SLACK:
                if self._waiting[0] is waiter:
                    await self._sleep(delay)
                else:
                    waiter.first.clear()
                    await waiter.first.wait()
            self._grant()
        finally:
            self._leave(waiter)

    def throttled(self, retry_after: float | None = None) -> float:
        """The cloud said it is asked too much: nobody asks for so many seconds, which come back. Without a
        time from the cloud the pause doubles from 1 s with every further time, until it takes a call again; a
        refusal during a pause is of a call sent before it and does not lengthen it."""
        if retry_after is None:
            if self.pause_left > 0:
                return self.pause_left
            retry_after, self._next_pause = self._next_pause, min(2 * self._next_pause, LONGEST_PAUSE)
        pause = min(max(retry_after, 0.0), LONGEST_PAUSE)
        self._paused_until = max(self._paused_until, self._clock() + pause)
        return pause

    def accepted(self) -> None:
        """The cloud took a call: the next pause starts small again."""
        if self.pause_left <= 0:
            self._next_pause = FIRST_PAUSE

    def _delay(self) -> float:
        now = self._clock()
        self._tokens = min(float(self.burst), self._tokens + max(0.0, now - self._counted_at) * self.rate)
        self._counted_at = now
        by_rate = (1.0 - self._tokens) / self.rate
        full = len(self._granted) == self._granted.maxlen
        by_window = self._granted[0] + 1.0 - now if full else 0.0
        return max(by_rate, by_window, self._paused_until - now)

    def _grant(self) -> None:
        self._tokens -= 1.0
        self._granted.append(self._clock())

    def _leave(self, waiter: _Waiter) -> None:
        if self._waiting[0] is waiter:
            heapq.heappop(self._waiting)
        else:
            self._waiting.remove(waiter)
            heapq.heapify(self._waiting)
        if self._waiting:
            self._waiting[0].first.set()
