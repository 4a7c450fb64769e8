"""Who waits for a turn: a line in order of rank, in which everybody was told when to come back. Pure."""

from __future__ import annotations

from bisect import bisect_left, insort

GRACE = 5.0
"""Seconds after which somebody who was told to come back, and did not, no longer waits."""


class Line:
    """Tickets in order of (rank, ticket). Whoever stands in front and does not come is passed over after a while."""

    def __init__(self) -> None:
        self._order: list[tuple[float, int]] = []
        self._place: dict[int, tuple[float, int]] = {}
        self._promised: dict[int, float] = {}

    def __len__(self) -> int:
        return len(self._order)

    def ahead(self, rank: float, ticket: int) -> int:
        """How many others come before one of this rank."""
        mine = self._place.get(ticket)
        before = bisect_left(self._order, (rank, ticket))
        return before - 1 if mine is not None and mine < (rank, ticket) else before

    def promise(self, rank: float, ticket: int, at: float) -> None:
        """It was told to come back at that time."""
        self.remove(ticket)
        self._place[ticket] = (rank, ticket)
        self._promised[ticket] = at
        insort(self._order, (rank, ticket))

    def remove(self, ticket: int) -> None:
        place = self._place.pop(ticket, None)
        if place is not None:
            del self._order[bisect_left(self._order, place)]
            del self._promised[ticket]

    def forget_late(self, now: float) -> None:
        """Those in front who did not come."""
        while self._order and self._promised[self._order[0][1]] + GRACE < now:
            self.remove(self._order[0][1])
