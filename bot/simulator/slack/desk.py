"""All one can do with the simulated workspace short of serving it: act in it, and look at it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from bot.simulator.slack.deeds import Aim
from bot.simulator.slack.delivery import sign
from bot.simulator.slack.mentions import mentions as notified
from bot.simulator.slack.model import (
    Button,
    Call,
    Delivery,
    Json,
    OpenView,
    ResponsePost,
    SimError,
    SimMessage,
)
from bot.simulator.slack.stage import Stage
from bot.simulator.slack.workspace import buttons_of

T = TypeVar("T")
_POLL = 0.05


class Desk(Stage):
    """What people do, and what there is to see."""

    # -- what people do

    async def command(
        self, user: str, channel: str, command: str, text: str = "", *, escape: bool = True, **overrides: Any
    ) -> Delivery:
        """`escape` turns what was typed into what `should_escape` sends; off, the text goes as it is.
        `overrides` replace fields of the payload. Raises SimError for what Slack would not offer."""
        return await self.deeds.command(user, channel, (command, text), escape=escape, overrides=overrides)

    async def click(
        self,
        user: str,
        channel: str,
        ts: str,
        action_id: str,
        value: Any = None,
        *,
        block_id: str | None = None,
        team: str | None = None,
        is_ephemeral: bool = False,
        stale: bool = False,
    ) -> Delivery:
        """The button must be on the message now (or with `stale`, on an earlier version). `value` is
        the button's own unless given; for a chooser it is the chosen option's value. Raises SimError."""
        aim = Aim(action_id=action_id, value=value, block_id=block_id)
        return await self.deeds.click(
            user, (channel, ts), aim, team=team, is_ephemeral=is_ephemeral, stale=stale
        )

    async def click_view(
        self, user: str, view_id: str, action_id: str, value: Any = None, *, block_id: str | None = None
    ) -> Delivery:
        """A button in an open modal or Home tab."""
        return await self.deeds.click_view(
            user, view_id, Aim(action_id=action_id, value=value, block_id=block_id)
        )

    async def submit_view(self, user: str, view_id: str, values: dict[tuple[str, str], Any]) -> Delivery:
        """`values` by (block_id, action_id): text, or an option's value, or a list of them. The
        acknowledgement's response_action is carried out. Raises SimError for unknown fields and empty
        required ones."""
        return await self.deeds.submit_view(user, view_id, values)

    async def close_view(self, user: str, view_id: str) -> Delivery | None:
        return await self.deeds.close_view(user, view_id)

    async def open_home(self, user: str) -> Delivery:
        return await self.deeds.open_home(user)

    async def redeliver(self, delivery: Delivery) -> Delivery:
        """The same payload again: same trigger_id, same response_url."""
        return await self.deeds.redeliver(delivery)

    async def post_raw(self, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        """Any bytes to the app's request_url; status and text. Raises aiohttp.ClientError."""
        return await self.courier.post_raw(body, headers)

    def sign(self, body: bytes, timestamp: int | str) -> str:
        """X-Slack-Signature for these bytes at this time."""
        return sign(self.signing_secret, body, timestamp)

    async def disconnect_sockets(self, reason: str = "refresh_requested") -> None:
        """ "abrupt" cuts, "deaf" leaves open but dead; else Slack's `disconnect` message with this reason."""
        await self.sockets.disconnect(reason)

    # -- what there is to see

    @property
    def calls(self) -> list[Call]:
        return self.ws.calls

    @property
    def responses(self) -> list[ResponsePost]:
        return self.ws.responses

    @property
    def deliveries(self) -> list[Delivery]:
        return self.deeds.deliveries

    @property
    def connections(self) -> int:
        """Open sockets that are given payloads."""
        return len(self.sockets.ready)

    def messages(self, channel: str, *, deleted: bool = False) -> list[SimMessage]:
        """All of a channel, replies in threads too, oldest first; the deleted ones only when asked for."""
        every = self.ws.messages.get(self.ws.channel(channel).id, [])
        return [one for one in every if deleted or not one.deleted]

    def message(self, channel: str, ts: str) -> SimMessage:
        found = self.ws.message(self.ws.channel(channel).id, ts)
        if found is None:
            raise SimError(f"no message {ts} in {channel}")
        return found

    def thread(self, channel: str, ts: str) -> list[SimMessage]:
        """The root first, then its replies."""
        return self.ws.thread(self.ws.channel(channel).id, ts)

    def ephemerals(self, user: str) -> list[SimMessage]:
        """What only this person sees, by whatever door it came."""
        return [one for one in self.ws.ephemerals if one.ephemeral_to == user and not one.deleted]

    def notes(self, user: str) -> list[SimMessage]:
        """What Slack itself told this person: failed commands and clicks."""
        return [one for one in self.ws.notes if one.ephemeral_to == user]

    def dm_of(self, user: str) -> list[SimMessage]:
        """The direct messages between the bot and this person."""
        return self.messages(self.ws.dm(user).id)

    def dm_channel(self, user: str) -> str:
        return self.ws.dm(user).id

    def buttons(self, channel: str, ts: str) -> list[Button]:
        """Also of an ephemeral message with this ts."""
        place = self.ws.channel(channel).id
        private = (one for one in self.ws.ephemerals if (one.channel, one.ts) == (place, ts))
        found = self.ws.message(place, ts) or next(private, None)
        if found is None:
            raise SimError(f"no message {ts} in {channel}")
        return buttons_of(found.blocks)

    def view_of(self, user: str) -> Json | None:
        """The modal on top of this person's screen."""
        stack = self.ws.modals.get(user)
        return stack[-1].view if stack else None

    def errors_of(self, user: str) -> dict[str, str]:
        """The errors that the open modal shows, by block_id."""
        stack = self.ws.modals.get(user)
        return stack[-1].errors if stack else {}

    def home_of(self, user: str) -> Json | None:
        home: OpenView | None = self.ws.homes.get(user)
        return home.view if home else None

    def mentions(self, message: SimMessage | Json) -> set[str]:
        """Who would be notified; see mentions.mentions. Knows the workspace's handles."""
        return notified(message, self.ws.handles())

    async def wait_for(self, predicate: Callable[[], T | None], timeout: float = 10) -> T:  # noqa: ASYNC109
        """The first truthy value of the predicate, asked after each change. Raises TimeoutError."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while not (value := predicate()):
                    await self.ws.next_change(_POLL)
                return value
        raise TimeoutError(f"nothing came within {timeout} s; {self.summary()}")

    def summary(self) -> str:
        """One line on what there is, for the message of a timeout."""
        counts = {key: len(every) for key, every in self.ws.messages.items()}
        last = [f"{one.method} {one.status} {one.error}".strip() for one in self.calls[-5:]]
        private = len(self.ws.ephemerals)
        return f"messages {counts}, ephemerals {private}, sockets {self.connections}, last calls {last}"
