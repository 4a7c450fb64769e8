"""Death at a named step, inside the process that dies: whoever writes is watched from the outside, by the interpreter's own
profile hook, and the bot's code runs as it is.

A step is what one commit makes durable, such as `submit_job.submit_job>_claim`, by the name of its site in the source. `inside`:
its statements are made and nothing is committed. `after`: it is on the disk, and nobody has been told.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from bot.adapters.store.writer import Writer
from bot.domain.model import Due
from tests.crashes.sites import by_code

RUN, WRITE = Writer._run.__code__, Writer._write.__code__


def names_of(step: Callable[..., Any], value: Any) -> list[str]:
    """The site of the step; for a claim one name for each kind it got, so that each of them is a step of its own."""
    code: CodeType | None = getattr(step, "__code__", None)
    at = ("", 0) if code is None else (code.co_filename, code.co_firstlineno)
    name = by_code().get(at, f"{step.__module__}.{step.__qualname__}")
    kinds = {one.kind.value for one in value if isinstance(one, Due)} if isinstance(value, tuple) else set()
    return [f"{name}[{kind}]" for kind in sorted(kinds)] or [name]


class Doom:
    """Counts how often the step went by, and kills at the n-th time."""

    def __init__(self, at: str, side: str, nth: int, trace: str) -> None:
        self._at, self._side, self._left = at, side, nth
        self._trace = os.open(trace, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if trace else -1

    def profile(self, frame: FrameType, event: str, _: Any) -> None:
        if event != "return":
            return
        if frame.f_code is RUN:
            self._passes("inside", [frame.f_locals["waiter"]])
        elif frame.f_code is WRITE:
            self._passes("after", frame.f_locals["batch"])

    def _passes(self, side: str, waiters: list[Any]) -> None:
        done = [waiter for waiter in waiters if waiter.error is None]
        names = [name for waiter in done for name in names_of(waiter.run, waiter.value)]
        if self._trace >= 0:
            os.write(self._trace, "".join(f"{side} {name}\n" for name in names).encode())
        if side == self._side and self._at in names:
            self._left -= 1
            if self._left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)


def watch(*, at: str = "", side: str = "after", nth: int = 1, trace: str = "") -> None:
    """From now on in this process. Without `at` nobody dies; `trace` names a file for every step that went by."""
    doom = Doom(at, side, nth, trace)
    threading.setprofile(doom.profile)
    sys.setprofile(doom.profile)
