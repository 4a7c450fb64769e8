"""One event loop for all inputs of a process: making one for each would take longer than most inputs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from tests.fuzz.target import broken

T = TypeVar("T")


_OPEN: list[Loop] = []


def close_all() -> None:
    """Closes every loop of this process, with what was started on it."""
    while _OPEN:
        _OPEN.pop().close()


class Loop:
    """Runs coroutines to their end, and remembers what went wrong in a task nobody waited for."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._lost: list[str] = []
        self._endings: list[Callable[[], Awaitable[None]]] = []
        self._loop.set_exception_handler(lambda loop, said: self._lost.append(_words(said)))
        _OPEN.append(self)

    def at_end(self, ending: Callable[[], Awaitable[None]]) -> None:
        """Called when the loop is closed."""
        self._endings.append(ending)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What it comes to. Raises BrokenPromiseError when a task of the product died without anybody noticing."""
        result = self._loop.run_until_complete(work)
        if self._lost:
            lost, self._lost = self._lost, []
            broken(f"lost in a task: {lost[0]}")
        return result

    def close(self) -> None:
        self._loop.run_until_complete(self._end())
        self._loop.close()

    async def _end(self) -> None:
        for ending in self._endings:
            await ending()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def _words(said: dict[str, Any]) -> str:
    return f"{said.get('message')}: {said.get('exception')!r}"
