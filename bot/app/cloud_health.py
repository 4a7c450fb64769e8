"""What is known of the cloud's willingness to take our calls."""

from __future__ import annotations

import asyncio
from datetime import datetime

import structlog

from bot.domain.errors import BotError, CloudAuthError
from bot.ports import Outside
from bot.worker import Report

log = structlog.get_logger("health")

CHECK_EVERY = 60.0
"""Seconds between two looks at whether the cloud accepts us."""


class CloudHealth:
    """What is known of the cloud's willingness: from a cheap call now and then, and from the worker's own calls."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self.problem = "not asked yet"
        self.checked_at: datetime | None = None

    @property
    def ok(self) -> bool:
        return not self.problem

    def heard(self, report: Report) -> None:
        """The worker has met the cloud's refusal of our credentials."""
        if isinstance(report.error, CloudAuthError):
            self.problem = report.error.message

    async def check(self) -> None:
        """Asks the cloud once."""
        try:
            sentence = await self._outside.cloud.check()
        except BotError as error:
            if self.problem != error.message:
                log.error("cloud_not_ready", why=error.message)
            self.problem = error.message
        else:
            if self.problem:
                log.info("cloud_ready", what=sentence)
            self.problem = ""
        self.checked_at = self._outside.clock.now()

    async def watch(self) -> None:
        """Asks again and again, until cancelled."""
        while True:
            await self.check()
            await asyncio.sleep(CHECK_EVERY)
