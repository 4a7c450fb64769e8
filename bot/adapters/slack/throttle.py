"""One person sending far more than a person can: asked to slow down, and nothing is stored. Limits are generous, and a first
press of a button always gets through, so that no decision is lost by it. Lives here: how often is too often."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

import structlog

from bot.adapters.slack.choosing import Chosen
from bot.adapters.slack.listeners import Inbound
from bot.adapters.slack.payloads import Click, Rejection, TypedCommand
from bot.domain.model import ClickKind, Member, Person
from bot.domain.notices import Message

log = structlog.stdlib.get_logger(__name__)

KEPT = 10_000
"""How many keys are remembered at most; the one unused for longest is forgotten first."""
MINUTE = 60.0
"""Seconds after which a key that was not used has all it ever had again, as one that is not remembered."""


class Rate:
    """So many a minute for each key, the first so many at once."""

    def __init__(
        self, per_minute: int, *, keys: int = KEPT, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.per_minute = per_minute
        self._keys, self.monotonic = keys, monotonic
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        """How many keys are remembered just now."""
        return len(self._left)

    def allows(self, key: Hashable) -> bool:
        """Whether one more is within the rate; it counts only when it is."""
        now = self.monotonic()
        left, since = self._left.pop(key, (float(self.per_minute), now))
        left = min(self.per_minute, left + (now - since) * self.per_minute / 60)
        allowed = left >= 1
        self._left[key] = (left - 1 if allowed else left, now)
        self._forget(now)
        return allowed

    def _forget(self, now: float) -> None:
        """Those beyond the most that are kept, and those that say nothing any more. The first is the one unused for longest."""
        while len(self._left) > self._keys or next(iter(self._left.values()))[1] <= now - MINUTE:
            self._left.popitem(last=False)


class Throttled:
    """An Inbound before another one. `commands` counts by person, `presses` by person, button and lane; `seen` is told
    "throttled" of whatever does not get through."""

    def __init__(
        self,
        inbound: Inbound,
        *,
        commands: Rate,
        presses: Rate,
        seen: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._inbound, self._commands, self._presses, self._seen = inbound, commands, presses, seen
        self._told = Rate(1, monotonic=commands.monotonic)

    async def command(self, typed: TypedCommand) -> Message:
        if self._commands.allows(typed.person):
            return await self._inbound.command(typed)
        self._count(typed.person, "command")
        return Message(
            f"You have sent more than {self._commands.per_minute} commands within a minute, so this one was not recorded. "
            "Please wait a minute, then send it again."
        )

    async def click(self, click: Click) -> Message | None:
        return self._pressed_out(click, click.click) or await self._inbound.click(click)

    async def rejection(self, rejection: Rejection) -> Message | None:
        return self._pressed_out(rejection, ClickKind.REJECT) or await self._inbound.rejection(rejection)

    async def choices(self, click: Click) -> tuple[Member, ...] | Message:
        return self._pressed_out(click, "form") or await self._inbound.choices(click)

    async def chosen(self, chosen: Chosen) -> Message | None:
        return self._pressed_out(chosen, ClickKind.CHOOSE) or await self._inbound.chosen(chosen)

    def _pressed_out(self, pressed: Click | Rejection | Chosen, what: str) -> Message | None:
        """Words when the same person has pressed the same button of the same plan too often."""
        if self._presses.allows((pressed.person, what, pressed.lane, pressed.plan_hash)):
            return None
        self._count(pressed.person, "press")
        return Message(
            f"You have pressed the same button more than {self._presses.per_minute} times within a minute, so this press "
            "was not recorded; the earlier ones were. If it is still needed, please press again in a minute."
        )

    def _count(self, person: Person, what: str) -> None:
        self._seen("throttled")
        if self._told.allows(person):
            log.warning("person_throttled", team=person.team, user=person.user, what=what)
