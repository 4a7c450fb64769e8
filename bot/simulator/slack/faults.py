"""Faults a test or a visitor orders: the next calls of a method go wrong in a chosen way."""

from __future__ import annotations

from dataclasses import dataclass

HTTP_FAULTS = frozenset({"429", "500", "502", "503", "ratelimited", "cut_before", "cut_after", "hang"})


@dataclass(kw_only=True)
class Fault:
    """`what` is one of HTTP_FAULTS, or else the error word of an `ok: false` answer."""

    what: str
    times: int
    retry_after: int


class Faults:
    """Per method a queue; "*" stands for every method, "response_url" for posts to a response_url."""

    def __init__(self) -> None:
        self._queued: dict[str, list[Fault]] = {}

    def add(self, method: str, what: str, *, times: int = 1, retry_after: int = 1) -> None:
        self._queued.setdefault(method, []).append(Fault(what=what, times=times, retry_after=retry_after))

    def take(self, method: str) -> Fault | None:
        """The fault that befalls this call, used up by one; a method's own come before those of "*"."""
        for key in (method, "*"):
            queue = self._queued.get(key, [])
            while queue:
                fault = queue[0]
                fault.times -= 1
                if fault.times <= 0:
                    queue.pop(0)
                if fault.times >= 0:
                    return fault
        return None

    def clear(self) -> None:
        self._queued.clear()

    def pending(self) -> dict[str, list[tuple[str, int]]]:
        """What is still to come: method to (what, times)."""
        return {key: [(one.what, one.times) for one in queue] for key, queue in self._queued.items() if queue}
