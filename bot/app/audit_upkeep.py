"""The audit log's daily round: its head is noted outside, and what is too old is removed.

When a head was noted last stands in the log itself, so that a process that is restarted every hour still does it once a day.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog

from bot.app.audit_retention import Order, retain
from bot.domain.audit import HEAD_ANCHORED, HEAD_SAID, RETAINED, is_due
from bot.domain.errors import BotError, OperatorError
from bot.domain.model import AuditEvent
from bot.domain.notices import Message, NoticeDraft, NoticeKind
from bot.ports import Outside, Transaction

log = structlog.get_logger("audit")

LOOK = 60.0
"""Seconds between two looks at whether something is due; sooner when heads are noted more often."""
RETAIN_EVERY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Rounds:
    """How often, and how long events are kept."""

    anchor_every: timedelta
    keep: timedelta | None = None
    """None: for ever."""
    archive: Path | None = None


class AuditUpkeep:
    """`trouble` is told what only an operator can mend."""

    def __init__(
        self, outside: Outside, rounds: Rounds, channel: str | None, trouble: Callable[[OperatorError], None]
    ) -> None:
        self._outside, self._rounds, self._channel, self._trouble = outside, rounds, channel, trouble
        self._look = min(LOOK, rounds.anchor_every.total_seconds())

    async def watch(self) -> None:
        """Until it is cancelled."""
        while True:
            await self.turn()
            await asyncio.sleep(self._look)

    async def turn(self) -> None:
        """Does what is due, and nothing else. Raises nothing of ours: the next turn tries again."""
        try:
            await self.anchor()
            await self.retain()
        except OperatorError as error:
            log.error("audit_upkeep_failed", why=error.message)
            self._trouble(error)
        except BotError as error:
            log.warning("audit_upkeep_failed", why=error.message)

    async def say_head(self) -> None:
        """The newest event, in the log of the process. Without a store that can be read there is nothing to say: a stop that
        failed for that would make a supervisor start the bot again and again."""
        try:
            last = await self._outside.store.read(lambda view: view.last_event())
        except BotError as error:
            log.warning("audit_head_not_said", why=error.message)
            return
        if last is not None:
            _say(last)

    async def anchor(self) -> AuditEvent | None:
        """The event that notes the head, when it was due: told in the log, and in the ops channel where there is one."""
        now = self._outside.clock.now()

        def store(tx: Transaction) -> AuditEvent | None:
            last = tx.last_event(HEAD_ANCHORED)
            if not is_due(last.at if last else None, now, self._rounds.anchor_every):
                return None
            told = ["log", "ops channel"] if self._channel else ["log"]
            event = tx.record(HEAD_ANCHORED, at=now, data={"told": told})
            if self._channel is not None:
                message = Message(head_in_words(event))
                tx.add_notice(
                    NoticeDraft(kind=NoticeKind.CHANNEL, channel=self._channel, message=message), now
                )
            return event

        event = await self._outside.store.write(store)
        if event is not None:
            _say(event)
        return event

    async def retain(self) -> None:
        """Removes what is too old, at most once a day."""
        keep, clock = self._rounds.keep, self._outside.clock
        if keep is None:
            return
        last = await self._outside.store.read(lambda view: view.last_event(RETAINED))
        if not is_due(last.at if last else None, clock.now(), RETAIN_EVERY):
            return
        order = Order(keep=keep, by="the bot, by IMAGEBOT_AUDIT_KEEP", archive=self._rounds.archive)
        done = await retain(self._outside.store, order, clock.now)
        if done.removed:
            log.info(
                "audit_retained",
                removed=done.removed,
                first_kept=done.first_kept,
                archive=order.archive.name if order.archive else "",
            )


def head_in_words(event: AuditEvent) -> str:
    """For the ops channel: what an auditor pastes to check later that nothing up to this event was changed."""
    return (
        f"Head of the audit log on {event.at:%Y-%m-%d %H:%M} UTC: event {event.id}. Keep this message. "
        f"`imagebot audit verify --head {event.hash} --count {event.id}` proves later that nothing up to here was changed."
    )


def _say(event: AuditEvent) -> None:
    log.info(HEAD_SAID, id=event.id, count=event.id, hash=event.hash, at=event.at.isoformat())
