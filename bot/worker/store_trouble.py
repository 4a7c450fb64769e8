"""What the log says of a store that is away: once when it begins, at most once a minute while it lasts, once when it is over."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from bot.domain.errors import BotError
from bot.ports import Clock

log = structlog.get_logger("worker")

AGAIN = timedelta(minutes=1)
"""Between two lines about the same trouble."""


class StoreTrouble:
    """Shared by all crews: each of them meets the same trouble, about once a second."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._met_by: set[object] = set()
        self._began: datetime | None = None
        self._said: datetime | None = None

    def met(self, who: object, error: BotError) -> None:
        """`who` asked the store, and got this instead."""
        now = self._clock.now()
        self._met_by.add(who)
        if self._began is None:
            self._began = now
        if self._said is None or not self._said <= now < self._said + AGAIN:
            self._said = now
            log.error("store_unavailable", error=error.message, since=self._began.isoformat())

    def over(self, who: object) -> None:
        """The store has done what `who` asked for. It is over when that is so for everybody who met it: a full disk can still be
        read."""
        self._met_by.discard(who)
        if self._began is not None and not self._met_by:
            seconds = round((self._clock.now() - self._began).total_seconds(), 1)
            self._began = self._said = None
            log.info("store_available_again", seconds=seconds)
