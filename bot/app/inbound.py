"""What comes in from Slack, as the use cases want it: stored, answered, and the worker nudged."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from bot.adapters.slack.choosing import Chosen
from bot.adapters.slack.payloads import Click, Rejection, TypedCommand
from bot.domain.model import ClickKind, Member
from bot.domain.notices import Message
from bot.ports import Outside
from bot.usecases.part_lane import choices
from bot.usecases.receive_click import Clicked, receive_click
from bot.usecases.receive_command import Typed, receive_command

NUDGE_AFTER, NUDGE_EVERY = 0.002, 0.05
"""Seconds."""


class SlackInbound:
    """The listeners' Inbound. Each call is durable when it returns; an error that comes out means nothing was stored."""

    def __init__(self, outside: Outside, *, nudge: Callable[[], None], seen: Callable[[str], None]) -> None:
        self._outside, self._nudge, self._seen = outside, nudge, seen
        self._nudged_at = -math.inf

    async def command(self, typed: TypedCommand) -> Message:
        self._seen("command")
        answer = await receive_command(
            self._outside,
            Typed(
                person=typed.person,
                channel=typed.channel,
                text=typed.text,
                dedupe_key=f"command:{typed.trigger_id}",
                response_url=typed.response_url,
            ),
        )
        self._nudge_soon()
        return answer

    async def click(self, click: Click) -> None:
        await self._store(
            "click",
            Clicked(
                person=click.person,
                channel=click.channel,
                click=click.click,
                lane=click.lane,
                plan_hash=click.plan_hash,
                dedupe_key=f"click:{click.trigger_id}:{click.action_ts}",
                message_ts=click.message_ts,
                response_url=click.response_url,
            ),
        )

    async def rejection(self, rejection: Rejection) -> None:
        await self._store("rejection", _form(rejection, ClickKind.REJECT, reason=rejection.reason))

    async def choices(self, click: Click) -> tuple[Member, ...] | Message:
        self._seen("click")
        return await choices(self._outside, click.lane, click.plan_hash)

    async def chosen(self, chosen: Chosen) -> None:
        await self._store("choice", _form(chosen, ClickKind.CHOOSE, chosen=chosen.selection.as_text()))

    async def _store(self, kind: str, clicked: Clicked) -> None:
        self._seen(kind)
        await receive_click(self._outside, clicked)
        self._nudge_soon()

    def _nudge_soon(self) -> None:
        """After the acknowledgement has left: the worker shall not compete with it. While many come in, one nudge stands for
        all of a while, as each makes every crew look into the store."""
        loop = asyncio.get_running_loop()
        if self._nudged_at <= loop.time():
            self._nudged_at = max(loop.time() + NUDGE_AFTER, self._nudged_at + NUDGE_EVERY)
            loop.call_at(self._nudged_at, self._nudge)


def _form(sent: Rejection | Chosen, click: ClickKind, *, reason: str = "", chosen: str = "") -> Clicked:
    """A sent form as the press it stands for. A form is sent once, so its id tells a second delivery."""
    word = "rejection" if click is ClickKind.REJECT else "choice"
    return Clicked(
        person=sent.person,
        channel=sent.channel,
        click=click,
        lane=sent.lane,
        plan_hash=sent.plan_hash,
        dedupe_key=f"{word}:{sent.view_id}",
        message_ts=sent.message_ts,
        reason=reason,
        chosen=chosen,
    )
