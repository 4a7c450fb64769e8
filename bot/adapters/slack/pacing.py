"""How fast the bot calls Slack: a token bucket for each (method, place), and no call before the time Slack asked us to wait
for. Who waits for a token stands in a line, the more urgent first (`lines`). Time and sleep are handed in.

Tiers: https://docs.slack.dev/apis/web-api/rate-limits. chat.postMessage is limited by channel and, far above that, by
workspace; the others by workspace.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.adapters.slack.lines import Line
from bot.domain.errors import ChatBusyError
from bot.ports import Way


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Calls a second in the long run, and how many may come at once after a pause. Both together stay within what the tier
    promises for any one minute."""

    per_second: float
    burst: int


PACES = {
    "chat.postMessage": Pace(per_second=1.0, burst=3),
    "chat.update": Pace(per_second=45 / 60, burst=5),
    "chat.postEphemeral": Pace(per_second=90 / 60, burst=10),
    "conversations.history": Pace(per_second=45 / 60, burst=5),
    "conversations.replies": Pace(per_second=45 / 60, burst=5),
}
PER_CHANNEL = frozenset({"chat.postMessage"})
IN_ALL = {"chat.postMessage": Pace(per_second=240 / 60, burst=60)}
"""Over all channels together: "several hundred a minute" for a workspace."""
METHODS = {Way.POST: "chat.postMessage", Way.UPDATE: "chat.update"}

CAREFUL = 300.0
"""For so many seconds after Slack asked us to wait, there are no bursts and a fifth fewer calls."""
GRANTED = 30.0
"""For so many seconds a granted turn is kept for the call."""
EARLY = 0.01
"""A turn that comes in so many seconds is one that has come."""

DISTANCE = 1.04
"""A steady caller's distance from the call before, in calls of the pace: a little more than one, since a call takes its time on
the way, now more and now less."""

Key = tuple[str, str]


@dataclass
class _Bucket:
    pace: Pace
    tokens: float
    at: float
    last: float = float("-inf")
    careful_until: float = float("-inf")
    line: Line = field(default_factory=Line)
    granted: list[float] = field(default_factory=list)
    alone: asyncio.Lock = field(default_factory=asyncio.Lock)

    def refill(self, now: float) -> None:
        burst = 1 if now < self.careful_until else self.pace.burst
        self.tokens = min(burst, self.tokens + (now - self.at) * self.rate(now))
        self.at = now

    def rate(self, now: float) -> float:
        return self.pace.per_second * (0.8 if now < self.careful_until else 1.0)

    def wait(self, now: float, *, steady: bool = False) -> float:
        """Seconds until the next token; a steady caller keeps its distance from the last call too."""
        self.refill(now)
        wait = max(0.0, (1 - self.tokens) / self.rate(now))
        return max(wait, self.last + DISTANCE / self.rate(now) - now) if steady else wait

    def take(self, now: float) -> None:
        self.tokens -= 1
        self.last = now

    def idle(self, now: float) -> bool:
        """Whether it says nothing that a new one would not."""
        full = self.tokens + (now - self.at) * self.pace.per_second >= self.pace.burst
        return full and not self.line and not self.alone.locked() and now > self.careful_until


class Pacer:
    """Lets a call pass when its turn has come. Implements bot.ports.Turns."""

    def __init__(
        self,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        patience: float = 3.0,
        remembered: int = 2_000,
    ) -> None:
        self._sleep, self._monotonic = sleep, monotonic
        self._patience, self._remembered = patience, remembered
        self._buckets: dict[Key, _Bucket] = {}
        self._in_all = {method: _Bucket(pace, pace.burst, monotonic()) for method, pace in IN_ALL.items()}
        self._not_before: dict[Key, float] = {}
        self._waits_at: dict[int, Key] = {}

    # -- turns -----------------------------------------------------------------------------------------------

    def ask(self, way: Way, channel: str, *, ticket: int, rank: float, steady: bool = False) -> float:
        """As Turns.ask. A turn that was granted is that of the next call, by whomever it is made."""
        key, now = _key(METHODS[way], channel), self._monotonic()
        bucket = self._bucket(key, now)
        bucket.line.forget_late(now)
        ahead = bucket.line.ahead(rank, ticket)
        wait = self._wait(key, bucket, now, steady=steady)
        if not ahead and wait <= EARLY:
            self._take(key, bucket, now)
            bucket.granted.append(now)
            self.leave(ticket)
            return 0.0
        wait = max(wait + ahead / bucket.rate(now), 2 * EARLY)
        bucket.line.promise(rank, ticket, now + wait)
        self._waits_at[ticket] = key
        return wait

    def leave(self, ticket: int) -> None:
        key = self._waits_at.pop(ticket, None)
        if key is not None and key in self._buckets:
            self._buckets[key].line.remove(ticket)

    # -- calls -----------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def calling(self, method: str, channel: str) -> AsyncIterator[None]:
        """Around one call: it has its turn, and no other of its method (and channel) is under way, so that none is made that
        an answer still on its way would forbid. Raises ChatBusyError."""
        if method not in PACES:
            await self.turn(method, channel)
            yield
            return
        lock = self._bucket(_key(method, channel), self._monotonic()).alone
        try:
            async with asyncio.timeout(self._patience or None):
                await lock.acquire()
        except TimeoutError:
            raise ChatBusyError(retry_after=1.0) from None
        try:
            await self.turn(method, channel)
            yield
        finally:
            lock.release()

    async def turn(self, method: str, channel: str) -> None:
        """Returns when the call may be made, after at most `patience` seconds. Raises ChatBusyError, with
        what is left to wait, when that is longer or Slack asked us to wait."""
        key, now = _key(method, channel), self._monotonic()
        rest = self._not_before.get(key, now) - now
        if rest > 0:
            raise ChatBusyError(retry_after=rest)
        self._not_before.pop(key, None)
        if method not in PACES:
            return
        bucket = self._bucket(key, now)
        while bucket.granted:
            if now - bucket.granted.pop() <= GRANTED:
                bucket.last = now  # the distance is kept from the call itself
                return
        wait = self._wait(key, bucket, now)
        if wait > self._patience:
            raise ChatBusyError(retry_after=wait)
        self._take(key, bucket, now)
        if wait > 0:
            await self._sleep(wait)

    def rest(self, method: str, channel: str, seconds: float) -> None:
        """Slack asked us to wait that long before calling this again. Afterwards it is called a little slower for a while."""
        key, now = _key(method, channel), self._monotonic()
        if seconds <= 0:
            return
        self._not_before[key] = max(self._not_before.get(key, 0.0), now + seconds)
        if method in PACES:
            bucket = self._bucket(key, now)
            bucket.refill(now)
            bucket.careful_until = self._not_before[key] + CAREFUL
            bucket.tokens = min(bucket.tokens, 1.0)
            bucket.granted.clear()

    # -- buckets ---------------------------------------------------------------------------------------------

    def _bucket(self, key: Key, now: float) -> _Bucket:
        if key not in self._buckets:
            if len(self._buckets) >= self._remembered:
                self._forget_idle(now)
            pace = PACES[key[0]]
            self._buckets[key] = _Bucket(pace, pace.burst, now)
        return self._buckets[key]

    def _wait(self, key: Key, bucket: _Bucket, now: float, *, steady: bool = False) -> float:
        waits = [bucket.wait(now, steady=steady), self._not_before.get(key, now) - now]
        if key[0] in self._in_all:
            waits.append(self._in_all[key[0]].wait(now))
        return max(waits)

    def _take(self, key: Key, bucket: _Bucket, now: float) -> None:
        """The token; a bucket in debt makes the next one wait longer."""
        bucket.take(now)
        if key[0] in self._in_all:
            self._in_all[key[0]].take(now)

    def _forget_idle(self, now: float) -> None:
        for key, bucket in list(self._buckets.items()):
            if bucket.idle(now):
                del self._buckets[key]
        self._not_before = {key: at for key, at in self._not_before.items() if at > now}


def _key(method: str, channel: str) -> Key:
    return method, channel if method in PER_CHANNEL else ""
