"""What only an operator can mend is told in the ops channel, each kind of it at most once an hour."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from bot.domain.errors import BotError, OperatorError
from bot.domain.notices import Message, NoticeDraft, NoticeKind
from bot.ports import Outside, Transaction
from bot.worker import Report

log = structlog.get_logger("ops")

AT_MOST_EVERY = timedelta(hours=1)


class OpsAlerts:
    """Hears every report of the worker, and of what runs beside it. Without a channel it says nothing; the log and /readyz say it
    anyway."""

    def __init__(self, outside: Outside, channel: str | None) -> None:
        self._outside, self._channel = outside, channel
        self._told: dict[str, datetime] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def heard(self, report: Report) -> None:
        """A trouble of this kind is told now, if it was not lately."""
        if isinstance(report.error, OperatorError):
            self.trouble(report.error)

    def trouble(self, error: OperatorError) -> None:
        """The same for what was met outside the worker."""
        if self._channel is None:
            return
        now, kind = self._outside.clock.now(), type(error).__name__
        if kind in self._told and now - self._told[kind] < AT_MOST_EVERY:
            return
        self._told[kind] = now
        task = asyncio.create_task(self._tell(error.message, now))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self, what: str, now: datetime) -> None:
        message = Message(f"The bot needs its operator: {what}")

        def store(tx: Transaction) -> None:
            tx.add_notice(NoticeDraft(kind=NoticeKind.CHANNEL, channel=self._channel, message=message), now)

        try:
            await self._outside.store.write(store)
        except BotError as error:
            log.error("ops_not_told", why=error.message)
