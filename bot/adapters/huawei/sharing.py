"""One call for all who ask the same thing at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

MOMENT = 0.01
"""Seconds a read waits for others to join. Nobody joins later: what was asked for already may be older than what they have to
know, such as whether a job that has just ended took effect."""


class SharedReads(Generic[K, T]):
    """`read` is called once for all who join; its result, or its error, is everybody's."""

    def __init__(self, read: Callable[[K], Awaitable[T]]) -> None:
        self._read = read
        self._open: dict[K, asyncio.Task[T]] = {}

    async def get(self, key: K) -> T:
        """Whoever is cancelled leaves the others their answer."""
        task = self._open.get(key)
        if task is None:
            task = self._open[key] = asyncio.create_task(self._run(key))
            task.add_done_callback(_taken_note_of)
        return await asyncio.shield(task)

    async def _run(self, key: K) -> T:
        try:
            await asyncio.sleep(MOMENT)
        finally:
            del self._open[key]
        return await self._read(key)


def _taken_note_of(task: asyncio.Task[T]) -> None:
    """An error that nobody waits for any more is nobody's."""
    if not task.cancelled():
        task.exception()
