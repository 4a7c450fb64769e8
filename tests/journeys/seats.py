"""What can be seen of a journey: by people in Slack, by the cloud's owner, by an operator beside the bot."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

from bot.adapters.store.sqlite import SqliteStore
from bot.app.looking import request_tree
from bot.domain.model import DueKind
from bot.simulator.ims import SimIms
from bot.simulator.slack import Button, SimMessage, SimSlack
from tests.journeys.cast import CHANNEL

T = TypeVar("T")
AT_WORK = (
    DueKind.PLAN, DueKind.INBOX, DueKind.START, DueKind.SUBMIT, DueKind.POLL, DueKind.VERIFY, DueKind.DELIVER,
)  # fmt: skip
"""Kinds of due rows that lead to something being done or said at once."""


@dataclass(kw_only=True)
class Seats:
    """Looking on. Everything here reads; nothing acts."""

    slack: SimSlack
    ims: SimIms
    folder: Path
    log: io.StringIO
    url: str = ""
    """The bot's own HTTP address, while it runs."""

    @property
    def database(self) -> Path:
        return self.folder / "bot.db"

    async def until(self, predicate: Callable[[], T | None], seconds: float = 10) -> T:
        """The first truthy value; TimeoutError with what there is instead."""
        try:
            return await self.slack.wait_for(predicate, seconds)
        except TimeoutError as error:
            seen = [m.text for m in self.slack.messages(CHANNEL)]
            raise TimeoutError(f"{error}\nchannel: {seen}\nlog: {self.log.getvalue()[-3000:]}") from None

    def cards(self, request: int = 1, channel: str = CHANNEL) -> list[SimMessage]:
        """Every message of the bot that is the request's card."""
        end = f"(request #{request})"
        every = self.slack.messages(channel)
        return [m for m in every if m.thread_ts is None and m.user == self.slack.bot_user and end in m.text]

    def card(self, request: int = 1) -> SimMessage:
        return self.cards(request)[0]

    def shown(self, request: int = 1) -> str:
        """Everything the card shows."""
        return words(self.card(request))

    def buttons(self, request: int = 1) -> list[str]:
        card = self.card(request)
        return [button.text for button in self.slack.buttons(card.channel, card.ts)]

    def button(self, label: str, lane: str) -> tuple[SimMessage, Button] | None:
        for card in self.cards(int(lane.split(".")[0])):
            for button in self.slack.buttons(card.channel, card.ts):
                if button.text == label and str(button.value).startswith(f"{lane}|"):
                    return card, button
        return None

    def thread(self, request: int = 1) -> list[str]:
        """The replies under the card, as read aloud."""
        card = self.card(request)
        return [m.text for m in self.slack.thread(card.channel, card.ts) if m.ts != card.ts]

    def private(self, user: str) -> list[str]:
        """Everything the bot told this person alone, by whatever door."""
        mine = [m for m in self.slack.dm_of(user) if m.user == self.slack.bot_user]
        return [m.text for m in (*self.slack.ephemerals(user), *mine)]

    async def told(self, user: str, part: str, seconds: float = 10) -> str:
        """The private words with this part in them, once they are there."""
        return await self.until(
            lambda: next((t for t in reversed(self.private(user)) if part in t), None), seconds
        )

    async def says(self, part: str, request: int = 1, seconds: float = 15) -> str:
        """The reply in the thread with this part in it, once it is there."""

        def look() -> str | None:
            return next((t for t in self.thread(request) if part in t), None) if self.cards(request) else None

        return await self.until(look, seconds)

    async def tree(self, request: int = 1) -> dict[str, Any]:
        """The request as the database has it; empty when there is none."""
        return await request_tree(self.database, request) or {}

    async def kinds(self, request: int = 1) -> list[str]:
        return [event["kind"] for event in (await self.tree(request)).get("events", [])]

    async def lane(self, id: str = "1.1") -> dict[str, Any]:
        tree = await self.tree(int(id.split(".")[0]))
        found = [lane for lane in tree.get("lanes", []) if lane["id"] == id]
        return found[0] if found else {}

    async def in_state(self, state: str, lane: str = "1.1", seconds: float = 15) -> None:
        """Once the lane is in this state."""
        await self._until_stored(lambda tree: any(one["id"] == lane and one["state"] == state for one in tree["lanes"]),
                                 int(lane.split(".")[0]), seconds)  # fmt: skip

    async def settled(self, request: int = 1, seconds: float = 20) -> str:
        """The state of the request once it is final and everything about it has been said."""
        open_ = ("planning", "planned")
        await self._until_stored(lambda tree: tree["state"] not in open_, request, seconds)
        await self.quiet(seconds)
        return str((await self.tree(request))["state"])

    async def _until_stored(
        self, fits: Callable[[dict[str, Any]], bool], request: int, seconds: float
    ) -> None:
        loop_end = datetime.now(UTC) + timedelta(seconds=seconds)
        while not ((tree := await self.tree(request)) and fits(tree)):
            if datetime.now(UTC) > loop_end:
                raise TimeoutError(f"{tree}\nlog: {self.log.getvalue()[-3000:]}")
            await self.slack.ws.next_change(0.1)

    async def quiet(self, seconds: float = 15) -> None:
        """Once nothing waits to be done or said but deadlines."""
        end = datetime.now(UTC) + timedelta(seconds=seconds)
        while left := await self.work_left():
            if datetime.now(UTC) > end:
                raise TimeoutError(f"still {left}\nlog: {self.log.getvalue()[-3000:]}")
            await self.slack.ws.next_change(0.1)

    async def work_left(self) -> dict[str, int]:
        """How many due rows of each kind there are, deadlines and the like left out."""
        store = SqliteStore(str(self.database), readonly=True)
        try:
            far = datetime.now(UTC) + timedelta(days=3650)
            counts = await store.read(lambda view: view.due_counts(far))
        finally:
            await store.close()
        return {kind.value: counts[kind] for kind in AT_WORK if counts.get(kind)}

    async def page(self, path: str) -> tuple[int, str]:
        """Status and body of a page of the bot's own."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}{path}") as answer:
            return answer.status, await answer.text()

    def shared(self, image: str) -> set[str]:
        """The projects that the cloud shares the image with now."""
        return set(self.ims.members(image))

    def added(self) -> list[tuple[str, str]]:
        """Each pair an API call really added, in order."""
        return [(effect.image, effect.project) for effect in self.ims.effects if effect.what == "add"]


def words(message: SimMessage) -> str:
    """Every text in the message's blocks, in order."""
    found: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, list):
            for one in node:
                walk(one)
        elif isinstance(node, dict):
            if isinstance(node.get("text"), str):
                found.append(node["text"])
            for key, one in node.items():
                if key != "confirm":
                    walk(one)

    walk(message.blocks)
    return " ".join(found)
