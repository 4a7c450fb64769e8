"""An event loop whose time is made up: where a real one would wait, this one moves its clock. Nothing here reads the
machine's clock, and the order of things does not depend on where objects lie in memory."""

from __future__ import annotations

import asyncio
import itertools
import selectors
from collections.abc import Callable, Coroutine, Mapping
from contextvars import Context
from typing import Any


class NothingLeftError(BaseException):
    """Nobody can ever run again: everything waits, and nothing is due."""


class _Selector(selectors.BaseSelector):
    """Knows no real file; `select` lets the time pass at once."""

    def __init__(self, pass_time: Callable[[float], None]) -> None:
        self._keys: dict[Any, selectors.SelectorKey] = {}
        self._pass_time = pass_time

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = self._keys[fileobj] = selectors.SelectorKey(fileobj, 0, events, data)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys.pop(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise NothingLeftError
        if timeout > 0:
            self._pass_time(timeout)
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys


class NumberedTask(asyncio.Task[Any]):
    """Sets of tasks are walked in the order of their making, not of their addresses."""

    def __init__(self, number: int, coro: Any, **rest: Any) -> None:
        self.number = number
        super().__init__(coro, **rest)

    def __hash__(self) -> int:
        return self.number


class VirtualLoop(asyncio.SelectorEventLoop):
    """`on_task` hears of every task that is made, in the context it was made in."""

    def __init__(self, on_task: Callable[[NumberedTask], None] = lambda _: None) -> None:
        self._now = 0.0
        self._numbers = itertools.count(1)
        self._on_task = on_task
        super().__init__(_Selector(self.skip))
        self.set_task_factory(self._make)  # type: ignore[arg-type]
        self.set_exception_handler(lambda *_: None)  # those who died are not mourned on the terminal

    def time(self) -> float:
        return self._now

    def skip(self, seconds: float) -> None:
        """So much time passes without anybody running; timers that fell due meanwhile fire late."""
        self._now += seconds

    def _make(
        self, loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any], context: Context | None = None
    ) -> NumberedTask:
        task = NumberedTask(next(self._numbers), coro, loop=loop, context=context)
        self._on_task(task)
        return task


def run_virtually(main: Callable[[VirtualLoop], Coroutine[Any, Any, Any]], on_task: Any = None) -> Any:
    """What `main` returned. All tasks that are left are cancelled; the loop is closed."""
    loop = VirtualLoop(on_task or (lambda _: None))
    try:
        return loop.run_until_complete(main(loop))
    finally:
        for task in sorted(asyncio.all_tasks(loop), key=lambda t: getattr(t, "number", 0)):
            task.cancel()
            task._log_destroy_pending = False  # type: ignore[attr-defined]
        loop.skip(0)
        _drain(loop)
        loop.close()


def _drain(loop: VirtualLoop) -> None:
    """Lets the cancelled end, so that no coroutine is left unfinished."""
    for _ in range(50):
        if not asyncio.all_tasks(loop):
            return
        loop.call_soon(loop.stop)
        loop.run_forever()


def at_once(call: Any) -> Any:
    """What a coroutine returns that never waits."""
    try:
        call.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waited")
