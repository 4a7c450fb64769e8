"""Those who wait on an event loop for what a thread of the store does, and how they are answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from bot.domain.errors import BugError


@dataclass(slots=True, eq=False)
class Waiter:
    """One call: what to run, and whom to answer."""

    run: Callable[[Any], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    value: Any = None
    error: BaseException | None = None

    def settle(self) -> None:
        """On the loop's thread. Nobody is answered who has left (was cancelled)."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.value)
        elif isinstance(self.error, StopIteration):  # a future cannot carry it
            self.future.set_exception(BugError("a step raised StopIteration"))
        else:
            self.future.set_exception(self.error)


def answer(waiters: Iterable[Waiter]) -> None:
    """Each loop is woken once, however many wait on it."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Waiter]] = {}
    for waiter in waiters:
        by_loop.setdefault(waiter.loop, []).append(waiter)
    for loop, those in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, those)
        except RuntimeError:  # the loop is closed: nobody waits there any more
            continue


def _settle(waiters: list[Waiter]) -> None:
    for waiter in waiters:
        waiter.settle()
