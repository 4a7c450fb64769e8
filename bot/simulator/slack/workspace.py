"""One workspace's memory: who and what there is, every message, open views, and the tickets Slack hands out.

No HTTP here. Whoever changes something calls `changed`, which wakes those who wait.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from bot.simulator.slack.model import (
    ApiError,
    Button,
    Call,
    Channel,
    Json,
    OpenView,
    ResponsePost,
    SimError,
    SimMessage,
    User,
    UserGroup,
)

TRIGGER_LIFE = timedelta(seconds=3)
SLACKBOT = "USLACKBOT"


class Clock(Protocol):
    def now(self) -> datetime: ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(kw_only=True)
class Trigger:
    user: str
    until: datetime
    used: bool = False


class Workspace:
    """Looked up and written by all other files of this package; nothing here is asynchronous but waiting."""

    def __init__(self, *, team: str, bot_user: str, clock: Clock | None) -> None:
        self.team = team
        self.domain = "simteam"
        self.bot_user = bot_user
        self.bot_id = "B" + bot_user.removeprefix("U")
        self.app_id = "A" + bot_user.removeprefix("U")
        self.clock: Clock = clock or SystemClock()
        self.users: dict[str, User] = {}
        self.groups: dict[str, UserGroup] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: dict[str, list[SimMessage]] = {}
        self.ephemerals: list[SimMessage] = []
        self.modals: dict[str, list[OpenView]] = {}
        self.homes: dict[str, OpenView] = {}
        self.triggers: dict[str, Trigger] = {}
        self.calls: list[Call] = []
        self.responses: list[ResponsePost] = []
        self.notes: list[SimMessage] = []
        self.version = 0
        self._waiting: set[asyncio.Event] = set()
        self._last_ts = (0, 0)
        self._serial = 0
        for id, name in ((bot_user, "imagebot"), (SLACKBOT, "slackbot")):
            self.users[id] = User(id=id, name=name, team=team, is_bot=True)

    # -- change and time

    def changed(self) -> None:
        self.version += 1
        for one in self._waiting:
            one.set()

    async def next_change(self, seconds: float) -> None:
        """Returns after the next change, or after so many seconds. Not by asyncio.wait_for, which (until Python 3.12) forgets that it
        was cancelled when what it waits for comes in the same moment: a Ctrl-C would be lost."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return
        finally:
            self._waiting.discard(event)

    def now(self) -> datetime:
        return self.clock.now()

    def serial(self, prefix: str) -> str:
        """An id no other thing here has."""
        self._serial += 1
        return f"{prefix}{self._serial:08d}SIM"

    def next_ts(self) -> str:
        """A message ts: seconds, and a part that keeps them distinct and growing even if the clock stands."""
        second, part = int(self.now().timestamp()), 100
        if (second, part) <= self._last_ts:
            second, part = self._last_ts[0], self._last_ts[1] + 100
        self._last_ts = (second, part)
        return f"{second}.{part:06d}"

    # -- tickets

    def new_trigger(self, user: str) -> str:
        trigger_id = f"{len(self.triggers) + 1}.{int(self.now().timestamp())}.{secrets.token_hex(16)}"
        self.triggers[trigger_id] = Trigger(user=user, until=self.now() + TRIGGER_LIFE)
        return trigger_id

    def use_trigger(self, trigger_id: str) -> str:
        """The user whose trigger it is, which is spent by it. Raises ApiError in Slack's words."""
        trigger = self.triggers.get(trigger_id)
        if trigger is None:
            raise ApiError("invalid_trigger_id")
        if trigger.used:
            raise ApiError("exchanged_trigger_id")
        if self.now() > trigger.until:
            raise ApiError("expired_trigger_id")
        trigger.used = True
        return trigger.user

    # -- look-ups

    def user(self, id: str) -> User:
        """Raises SimError for an unknown id."""
        if id not in self.users:
            raise SimError(f"no user {id!r} in the workspace; add_user first")
        return self.users[id]

    def channel(self, name: str) -> Channel:
        """By id, or by name with or without "#". Raises SimError for an unknown one."""
        if name in self.channels:
            return self.channels[name]
        for one in self.channels.values():
            if not one.im_with and one.name == name.removeprefix("#"):
                return one
        raise SimError(f"no channel {name!r} in the workspace; add_channel first")

    def dm(self, user: str) -> Channel:
        """The direct message channel between the bot and this person, opened if need be."""
        for one in self.channels.values():
            if one.im_with == user:
                return one
        id = self.serial("D")
        self.channels[id] = Channel(id=id, name="directmessage", im_with=user, private=True)
        return self.channels[id]

    def handles(self) -> dict[str, str]:
        """Names of people and handles of groups to their ids."""
        out = {one.name.lower(): one.id for one in self.users.values()}
        return out | {one.handle.lower(): one.id for one in self.groups.values()}

    def message(self, channel: str, ts: str) -> SimMessage | None:
        return next((one for one in self.messages.get(channel, []) if one.ts == ts), None)

    def ephemeral(self, user: str, ts: str) -> SimMessage | None:
        mine = (one for one in self.ephemerals if one.ephemeral_to == user and one.ts == ts)
        return next(mine, None)

    def thread(self, channel: str, ts: str) -> list[SimMessage]:
        every = (one for one in self.messages.get(channel, []) if not one.deleted)
        return [one for one in every if ts in (one.ts, one.thread_ts)]

    def view(self, view_id: str) -> OpenView | None:
        stacks: Iterable[list[OpenView]] = [*self.modals.values(), list(self.homes.values())]
        return next((one for stack in stacks for one in stack if one.view["id"] == view_id), None)

    # -- writing

    def add_message(self, message: SimMessage) -> SimMessage:
        """Kept where it belongs, with block ids given to blocks without one."""
        message.blocks = self.with_block_ids(message.blocks)
        if message.ephemeral_to is not None:
            self.ephemerals.append(message)
        else:
            self.messages.setdefault(message.channel, []).append(message)
        self.changed()
        return message

    def with_block_ids(self, blocks: Iterable[Json]) -> list[Json]:
        return [{"block_id": secrets.token_urlsafe(4), **one} for one in blocks]


def buttons_of(blocks: Iterable[Json]) -> list[Button]:
    """Everything in the blocks that can be pressed or chosen, top to bottom."""
    found = []
    for block in blocks:
        several = block.get("elements") if block.get("type") == "actions" else []
        for one in [*(several or []), block.get("accessory"), block.get("element")]:
            if isinstance(one, dict) and one.get("type") not in (None, "image"):
                found.append(_button(block, one))
    return found


def _button(block: Json, element: Json) -> Button:
    text: Any = element.get("text") or {}
    return Button(
        action_id=element.get("action_id", ""),
        value=element.get("value"),
        text=text.get("text", ""),
        block_id=block.get("block_id", ""),
        type=element["type"],
        style=element.get("style"),
        url=element.get("url"),
        confirm=element.get("confirm"),
    )
