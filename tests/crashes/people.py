"""People who get their way: what was not acknowledged is delivered once more, the same payload with the same ids, until it is.

Now and then what was acknowledged is delivered a second time all the same, as after an acknowledgement that got lost.
"""

from __future__ import annotations

import asyncio
import random
import re
from dataclasses import dataclass, field
from typing import Any

from bot.simulator.slack import Button, Delivery, SimMessage
from tests.journeys.cast import CHANNEL
from tests.journeys.stage import REASON, Stage

PATIENCE = 60.0
"""Seconds until somebody whose command is not taken gives up, and the round has failed."""
PAUSE = 0.03
RECORDED = re.compile(r"Request #(\d+) is recorded")


@dataclass(kw_only=True)
class People:
    """Acts for everybody on the stage. `twice`: how often something acknowledged is delivered again, from 0 to 1."""

    stage: Stage
    chance: random.Random
    twice: float = 0.0
    acknowledged: list[Delivery] = field(default_factory=list)
    """Each command, press and form once, with the acknowledgement it got at last."""
    redelivered: int = 0
    restart: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the operator wants the bot to be stopped in good order and started anew."""

    async def command(self, user: str, text: str) -> str:
        """The words of the acknowledgement."""
        self.stage.acted.add(user)
        first = await self.stage.slack.command(user, CHANNEL, "/image", text)
        taken = await self._until_taken(first)
        said = str(taken.body["text"]) if isinstance(taken.body, dict) else ""
        if self.chance.random() < self.twice:
            self.redelivered += 1
            again = await self.stage.slack.redeliver(taken)
            if again.acked and RECORDED.search(said):
                assert RECORDED.findall(again.body["text"]) == RECORDED.findall(said), (
                    said,
                    again.body["text"],
                )
        return said

    async def asks(self, user: str, text: str) -> int:
        """The number of the request. The text has to be the only one of its kind."""
        said = await self.command(user, text)
        found = RECORDED.search(said)
        assert found, f"{text!r} was acknowledged with {said!r}"
        return int(found[1])

    async def press(self, user: str, label: str, lane: str) -> None:
        self.stage.acted.add(user)
        first = await self._pressed(user, label, lane)
        taken = await self._until_taken(first)
        if self.chance.random() < self.twice and label not in ("Reject", "Approve Some…"):
            self.redelivered += 1
            await self.stage.slack.redeliver(taken)

    async def _pressed(self, user: str, label: str, lane: str) -> Delivery:
        message, button = await self.stage.until(lambda: self.stage.button(label, lane), PATIENCE)
        return await self.stage.slack.click(
            user, message.channel, message.ts, button.action_id, button.value, block_id=button.block_id
        )

    async def press_old(self, user: str, message: SimMessage, button: Button) -> None:
        """A button as it was seen once, whether it is still there or not."""
        self.stage.acted.add(user)
        pressed = await self.stage.slack.click(
            user, message.channel, message.ts, button.action_id, button.value, block_id=button.block_id
        )
        await self._until_taken(pressed)

    async def fill_in(self, user: str, label: str, lane: str, values: dict[tuple[str, str], Any]) -> None:
        """The form behind a button. Who sees no form presses again, since a trigger lives three seconds."""
        self.stage.acted.add(user)
        async with asyncio.timeout(PATIENCE):
            while (view := self.stage.slack.view_of(user)) is None:
                await self._pressed(user, label, lane)
                await asyncio.sleep(PAUSE)
        await self._until_taken(await self.stage.slack.submit_view(user, view["id"], values))

    async def told(self, part: str, request: int, seconds: float = PATIENCE) -> None:
        """Once somebody reads that under the request's card."""
        await self.stage.until(lambda: any(part in text for text in replies(self.stage, request)), seconds)

    async def reject(self, user: str, lane: str, reason: str) -> None:
        await self.fill_in(user, "Reject", lane, {REASON: reason})

    async def choose(self, user: str, lane: str, pairs: list[str]) -> None:
        await self.fill_in(user, "Approve Some…", lane, {("pairs", "choice"): pairs})

    async def _until_taken(self, delivery: Delivery) -> Delivery:
        async with asyncio.timeout(PATIENCE):
            while not delivery.acked:
                await asyncio.sleep(PAUSE)
                self.redelivered += 1
                delivery = await self.stage.slack.redeliver(delivery)
        self.acknowledged.append(delivery)
        return delivery


def replies(stage: Stage, request: int) -> list[str]:
    """Under every copy of the card: of one whose posting was not heard of, there may be two."""
    cards = stage.cards(request) if request else []
    return [m.text for card in cards for m in stage.slack.thread(card.channel, card.ts) if m.ts != card.ts]
