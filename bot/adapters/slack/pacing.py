"""How fast the bot calls Slack: a token bucket for each (method, place), and no call before the time Slack
asked us to wait for. Time and sleep are handed in. Tiers: https://docs.slack.dev/apis/web-api/rate-limits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.domain.errors import ChatBusyError


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Calls a second in the long run, and how many may come at once after a pause."""

    per_second: float
    burst: int


PACES = {
    "chat.postMessage": Pace(per_second=1.0, burst=5),
    "chat.update": Pace(per_second=50 / 60, burst=5),
    "chat.postEphemeral": Pace(per_second=100 / 60, burst=10),
}
"""chat.postMessage is limited by channel, the others by workspace (tiers 3 and 4)."""
PER_CHANNEL = frozenset({"chat.postMessage"})

Key = tuple[str, str]


@dataclass
class _Bucket:
    tokens: float
    at: float


class Pacer:
    """Lets a call pass when its turn has come."""

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
        self._not_before: dict[Key, float] = {}

    async def turn(self, method: str, channel: str) -> None:
        """Returns when the call may be made, after at most `patience` seconds. Raises ChatBusyError, with
        what is left to wait, when that is longer or Slack asked us to wait."""
        key = _key(method, channel)
        now = self._monotonic()
        rest = self._not_before.get(key, now) - now
        if rest > 0:
            raise ChatBusyError(retry_after=rest)
        self._not_before.pop(key, None)
        pace = PACES.get(method)
        if pace is None:
            return
        wait = self._take(key, pace, now)
        if wait > 0:
            await self._sleep(wait)

    def rest(self, method: str, channel: str, seconds: float) -> None:
        """Slack asked us to wait that long before calling this again."""
        if seconds <= 0:
            return
        key = _key(method, channel)
        self._not_before[key] = max(self._not_before.get(key, 0.0), self._monotonic() + seconds)

    def _take(self, key: Key, pace: Pace, now: float) -> float:
        """Seconds to wait for the token that was taken; a bucket in debt makes the next one wait longer."""
        if len(self._buckets) >= self._remembered:
            self._forget_idle(now)
        bucket = self._buckets.setdefault(key, _Bucket(tokens=pace.burst, at=now))
        bucket.tokens = min(pace.burst, bucket.tokens + (now - bucket.at) * pace.per_second)
        bucket.at = now
        wait = max(0.0, (1 - bucket.tokens) / pace.per_second)
        if wait > self._patience:
            raise ChatBusyError(retry_after=wait)
        bucket.tokens -= 1
        return wait

    def _forget_idle(self, now: float) -> None:
        """Full buckets say nothing that a new one would not."""
        for key, bucket in list(self._buckets.items()):
            pace = PACES[key[0]]
            if bucket.tokens + (now - bucket.at) * pace.per_second >= pace.burst:
                del self._buckets[key]
        self._not_before = {key: at for key, at in self._not_before.items() if at > now}


def _key(method: str, channel: str) -> Key:
    return method, channel if method in PER_CHANNEL else ""
