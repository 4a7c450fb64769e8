"""A small cache of look-ups: never older than told, one look-up at a time for each key, failures
remembered only for a moment. Knows nothing of Slack."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

V = TypeVar("V")


@dataclass(frozen=True)
class _Known(Generic[V]):
    value: V | None
    good_until: float


class Fresh(Generic[V]):
    """`load` answers None for "could not be found out"; that is kept for `failure_age` seconds, an answer for
    `max_age` seconds from when its look-up began."""

    def __init__(
        self,
        load: Callable[[str], Awaitable[V | None]],
        *,
        max_age: float = 60.0,
        failure_age: float = 5.0,
        monotonic: Callable[[], float] = time.monotonic,
        remembered: int = 10_000,
    ) -> None:
        self._load, self._monotonic = load, monotonic
        self._max_age, self._failure_age = max_age, min(failure_age, max_age)
        self._remembered = remembered
        self._known: dict[str, _Known[V]] = {}
        self._under_way: dict[str, asyncio.Task[V | None]] = {}

    async def get(self, key: str) -> V | None:
        """What is known of `key`; everybody who asks while it is being looked up waits for the same
        answer."""
        known = self._known.get(key)
        if known is not None and self._monotonic() < known.good_until:
            return known.value
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._look_up(key))
            self._under_way[key] = task
        # One who gives up must not take the answer from the others.
        return await asyncio.shield(task)

    async def _look_up(self, key: str) -> V | None:
        began = self._monotonic()
        try:
            value = await self._load(key)
        finally:
            del self._under_way[key]
        if len(self._known) >= self._remembered:
            self._known = {k: v for k, v in self._known.items() if v.good_until > began}
        age = self._failure_age if value is None else self._max_age
        self._known[key] = _Known(value, began + age)
        return value
