"""What every test of a trouble needs: a stage with short times, people, and what an operator and a person read."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.adapters.store.migrations import migrate
from bot.simulator.slack import Delivery
from tests.crashes.acts import End
from tests.crashes.judging import judged
from tests.crashes.lives import Cradle, Life, cradle
from tests.crashes.people import People
from tests.crashes.rounds import JOB_SECONDS, SETTINGS
from tests.journeys.cast import CHANNEL
from tests.journeys.process import Ended, assert_discreet
from tests.journeys.stage import Stage, empty_stage

SHORT = {**SETTINGS, "lease": 1, "http_timeout": 0.8}
"""A row that could not be put back is free again after a lease, one of the cloud's after five."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    stage: Stage
    cradle: Cradle
    people: People

    async def settled(self, *ends: End) -> None:
        """Nothing is left to do, nothing is lost, nothing is double."""
        for end in ends:
            await self.stage.settled(end.request, 60)
        verdict = await judged(self.people, ends, running=True)
        assert verdict.good, verdict

    async def cannot_start(self, **how: Any) -> str:
        """What the operator reads when it ends with exit code 1 instead of serving."""
        life = await self.cradle.bear(self.stage, **how)
        assert not await life.ready(), "it serves"
        assert await life.code == 1
        assert_discreet(Ended(code=1, out="", err=life.said()))
        return said_plainly(life)

    async def store(self) -> Mapping[str, Any]:
        """The store as /readyz tells of it, with the status of the page."""
        status, page = await self.stage.page("/readyz")
        return {"status": status, **json.loads(page)["store"]}

    async def until_store(
        self, fits: Callable[[Mapping[str, Any]], bool], seconds: float = 20
    ) -> Mapping[str, Any]:
        """The first of its tellings that fits."""
        async with asyncio.timeout(seconds):
            while not fits(said := await self.store()):
                await asyncio.sleep(0.1)
        return said

    async def types(self, user: str, text: str) -> str:
        """Once, whatever comes of it; the words of the acknowledgement."""
        self.stage.acted.add(user)
        delivery = await self.stage.slack.command(user, CHANNEL, "/image", text)
        assert delivery.acked, delivery
        return str(delivery.body["text"])

    async def clicks(self, user: str, label: str, lane: str) -> Delivery:
        """Once, whatever comes of it."""
        self.stage.acted.add(user)
        message, button = await self.stage.until(lambda: self.stage.button(label, lane), 20)
        return await self.stage.slack.click(
            user, message.channel, message.ts, button.action_id, button.value, block_id=button.block_id
        )


def said_plainly(life: Life) -> str:
    """Its lines that are no JSON: what is meant for eyes."""
    return "\n".join(line for line in life.said().splitlines() if line and not line.startswith("{"))


@asynccontextmanager
async def scene(**settings: Any) -> AsyncIterator[Scene]:
    async with cradle() as here, empty_stage("http", job_seconds=JOB_SECONDS, **SHORT, **settings) as stage:
        yield Scene(stage=stage, cradle=here, people=People(stage=stage, chance=random.Random(1)))


def made(database: Path) -> None:
    """A database of this version, empty."""
    migrate(str(database))


def rows_of(database: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(database)) as db:
        return db.execute(query).fetchall()
