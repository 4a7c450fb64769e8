"""Private answers to clicks and late answers to commands, said after the acknowledgement. Lives here:
tasks with a strong reference, a bound and a drain. What is said comes from elsewhere; a lost private
answer loses no state."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import structlog

from bot.domain.errors import BotError
from bot.domain.notices import Message
from bot.ports import Chat

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where one person can be told something privately."""

    user: str
    channel: str
    response_url: str | None = field(default=None, repr=False)


class Answers:
    """Says things through a Chat without making anybody wait."""

    def __init__(self, chat: Chat, *, at_once: int = 200) -> None:
        self._chat, self._at_once = chat, at_once
        self._tasks: set[asyncio.Task[Any]] = set()

    def send(self, to: Address, message: Message) -> None:
        """By response_url while it lives, else as an ephemeral message in the channel."""
        if len(self._tasks) >= self._at_once:
            log.error("private_answer_dropped", reason="too many under way", under_way=len(self._tasks))
            return
        self.start(self._deliver(to, message))

    def follow(self, work: asyncio.Task[Message | None], to: Address) -> None:
        """Says what `work` comes to, when it does."""
        self.start(self._follow(work, to))

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """A task that is remembered until it ends."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def drain(self, seconds: float) -> int:
        """Waits until all is said, at most so long; how many were then given up."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while self._tasks and loop.time() < until:
            await asyncio.wait(set(self._tasks), timeout=until - loop.time())
        left = set(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        return len(left)

    async def _follow(self, work: asyncio.Task[Message | None], to: Address) -> None:
        message = await work
        if message is not None:
            await self._deliver(to, message)

    async def _deliver(self, to: Address, message: Message) -> None:
        try:
            if to.response_url and await self._chat.respond(to.response_url, message):
                return
        except BotError as error:
            log.warning("response_url_failed", error=type(error).__name__)
        try:
            if to.channel and to.user:
                await self._chat.whisper(to.channel, to.user, message)
        except BotError as error:
            log.error("private_answer_lost", error=type(error).__name__, user=to.user)
