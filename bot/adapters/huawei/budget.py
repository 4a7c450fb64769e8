"""How fast the cloud may be asked: one bucket for the whole account, whoever asks.

Two limits hold together. On average never more calls than the rate. And no second, wherever it begins, sees more
than the rate arrive at the gateway: a call arrives somewhere between its start and its answer, so it counts from
the one until a second after the other. (Counted from the start alone, calls that were held up on the way would
meet the next second's at the gateway, and a burst at the edge of its window would be refused.)

A gateway that throttles pauses everybody. Waiters are served by urgency, but whoever was passed over often enough
has a turn: writes go first, and neither they nor anything else can starve the others. Time is handed in.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from enum import IntEnum

from bot.domain.errors import CloudBusyError

TRANSIT = 0.25
"""Seconds after which a call without an answer yet has surely arrived at the gateway."""
WINDOW = 1.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 600.0
_SLACK = 1e-9


class Priority(IntEnum):
    """Lower goes first."""

    WRITE = 0
    READ_BACK = 1
    """Member lists: what the job did, which people wait for."""
    POLL = 2
    LOOKUP = 3


PASSED_OVER = {Priority.WRITE: 2, Priority.READ_BACK: 4, Priority.POLL: 4, Priority.LOOKUP: 8}
"""After so many turns of others since its last one, whoever of this urgency waits has the next: with everything waiting
at once writes have at least every third turn, look-ups every ninth."""


class Turn:
    """One call under way. Whoever has it says `sending` when it goes out, and `answered` when it is over, however it
    ended."""

    def __init__(self, began: float, clock: Callable[[], float]) -> None:
        self._arrived_by = began + TRANSIT
        self._clock = clock
        self.over = False

    def sending(self) -> None:
        """It goes out only now: something had to be prepared."""
        self._arrived_by = self._clock() + TRANSIT

    def answered(self) -> None:
        self.over = True
        self._arrived_by = min(self._arrived_by, self._clock())

    @property
    def counts_until(self) -> float:
        """When a window that holds this call has surely ended."""
        return self._arrived_by + WINDOW


class Budget:
    """At most `rate` calls a second, up to `burst` of them at once, and never more than the rate within a second."""

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
        self._in_window = max(math.floor(rate), 1)
        self._tokens, self._counted_at = float(min(burst, self._in_window)), clock()
        self._turns: deque[Turn] = deque()
        self._paused_until = -math.inf
        self._next_pause = FIRST_PAUSE
        self._lines: dict[Priority, deque[asyncio.Event]] = {priority: deque() for priority in Priority}
        self._passed = dict.fromkeys(Priority, 0)

    @property
    def waiting(self) -> int:
        """How many calls wait for their turn."""
        return sum(len(line) for line in self._lines.values())

    @property
    def pause_left(self) -> float:
        """Seconds until the cloud may be asked again after it throttled; 0 when it may be asked."""
        return max(0.0, self._paused_until - self._clock())

    def turn_in(self, priority: Priority) -> float:
        """0 while nobody of this urgency waits. Else the seconds until the next turn of anybody: when to look again
        whether the one who waits still does."""
        return max(self._delay(), 0.001) if self._lines[priority] else 0.0

    async def take(self, priority: Priority, *, patience: float = math.inf) -> Turn:
        """Returns when the call may be sent. Raises CloudBusyError at once when a pause would outlast
        `patience` seconds."""
        if (left := self.pause_left) > patience:
            raise CloudBusyError("the cloud asked us to pause", retry_after=left)
        if not self.waiting and self._delay() <= _SLACK:
            return self._grant(priority)
        me, line = asyncio.Event(), self._lines[priority]
        line.append(me)
        try:
            while (delay := self._delay()) > _SLACK or self._next() is not me:
                if self._next() is me:
                    await self._sleep(self._nap(delay))
                else:
                    me.clear()
                    await me.wait()
            return self._grant(priority)
        finally:
            line.remove(me)
            if (following := self._next()) is not None:
                following.set()

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

    def _next(self) -> asyncio.Event | None:
        """Whose turn is next: whoever was passed over too often, the longest first; else the most urgent."""
        lines = [priority for priority in Priority if self._lines[priority]]
        if not lines:
            return None
        overdue = [priority for priority in lines if self._passed[priority] >= PASSED_OVER[priority]]
        first = max(overdue, key=lambda each: self._passed[each] / PASSED_OVER[each], default=lines[0])
        return self._lines[first][0]

    def _delay(self) -> float:
        now = self._clock()
        most = float(min(self.burst, self._in_window))
        self._tokens = min(most, self._tokens + max(0.0, now - self._counted_at) * self.rate)
        self._counted_at = now
        by_rate = (1.0 - self._tokens) / self.rate
        while self._turns and self._turns[0].counts_until <= now + _SLACK:
            self._turns.popleft()
        full = len(self._turns) >= self._in_window
        by_window = self._turns[0].counts_until - now if full else 0.0
        return max(by_rate, by_window, self._paused_until - now)

    def _nap(self, delay: float) -> float:
        """How long to sleep before looking again: an answer that comes meanwhile may shorten the delay."""
        full = len(self._turns) >= self._in_window
        return max(delay - TRANSIT, 0.005) if full and not self._turns[0].over else delay

    def _grant(self, priority: Priority) -> Turn:
        self._tokens -= 1.0
        for other, line in self._lines.items():
            self._passed[other] = self._passed[other] + 1 if line and other is not priority else 0
        turn = Turn(self._clock(), self._clock)
        self._turns.append(turn)
        return turn
