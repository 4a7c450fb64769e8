"""One process of the bot: from its start on a store that it finds, to its end, which may come at any border."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.domain.errors import BugError, ClaimLostError, StaleRowError
from bot.domain.model import Actor, Limits, Person
from bot.domain.polling import Durations
from bot.ports import Outside
from bot.worker.crew import Report
from bot.worker.pace import LearnedPace
from bot.worker.worker import Worker
from tests.simulation.loop import NumberedTask
from tests.simulation.stores import Hand

if TYPE_CHECKING:
    from tests.simulation.world import World

BEGINNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LIVING: ContextVar[Life] = ContextVar("living")
"""Whose task it is that is being made."""
REGION = "nowhere-1"
LONG = 0.9
"""Seconds; while a call takes longer than that, the world may hurry on."""
EXPECTED = (StaleRowError, ClaimLostError)


class KilledError(BaseException):
    """As SIGKILL: nothing in the program can catch it."""


class SkewedClock:
    """The machine's clock: the time of the world, and how far this machine is off."""

    def __init__(self, world: World, skew: float) -> None:
        self._world, self._skew = world, timedelta(seconds=skew)

    def now(self) -> datetime:
        return self._world.wall() + self._skew


def _learned(world: World) -> Durations:
    """How long jobs take, as an earlier process wrote it down."""
    return Durations.from_plain(world.back.read(lambda view: view.durations()))


class Life:
    """Nothing of it survives but what the store holds."""

    def __init__(self, world: World, number: int, hand: Hand, *, skew: float) -> None:
        from tests.simulation.ports import SimulatedChat, SimulatedCloud, SimulatedPeople, SimulatedStore

        self.world, self.number = world, number
        self.dead = False
        self.stopping = False
        self.frozen_until = 0.0
        self.in_flight = 0
        """Calls that are under way and will not be for long."""
        self.tasks: dict[int, NumberedTask] = {}
        self.hand = hand
        self.looked_up: dict[tuple[object, Person], Actor] = {}
        """What each task was last told of a person."""
        outside = Outside(
            store=SimulatedStore(self, hand), cloud=SimulatedCloud(self), chat=SimulatedChat(self),
            people=SimulatedPeople(self), clock=SkewedClock(world, skew), pace=LearnedPace(REGION, _learned(world)),
            policy=lambda: world.policy, limits=Limits(),
        )  # fmt: skip
        self.outside = world.changed(outside)
        self._claims = 0
        self.worker = Worker(
            self.outside, size=world.script.hands, new_claim=self._new_claim, report=self._heard
        )

    def start(self) -> None:
        token = LIVING.set(self)
        try:
            self.worker.start()
        finally:
            LIVING.reset(token)

    def born(self, task: NumberedTask) -> None:
        self.tasks[task.number] = task
        task.add_done_callback(lambda done: self.tasks.pop(task.number, None))

    def check(self) -> None:
        if self.dead:
            raise KilledError

    def freeze(self, seconds: float) -> None:
        """From now on, and longer where it sleeps already: what runs in it waits for the end it was told first."""
        self.frozen_until = max(self.frozen_until, self.world.now() + seconds)

    async def pause(self, seconds: float) -> None:
        """Time passes; whoever is frozen goes on later, whoever is dead never."""
        self.check()
        if seconds > LONG:
            await self.world.rest(seconds)
        else:
            self.in_flight += 1
            try:
                await asyncio.sleep(seconds)
            finally:
                self.in_flight -= 1
        while not self.dead and self.frozen_until > self.world.now():
            await asyncio.sleep(self.frozen_until - self.world.now())
        self.check()

    def end(self) -> None:
        """All that runs is torn away."""
        self.dead = True
        for task in list(self.tasks.values()):
            task.cancel()

    async def stop(self, seconds: float) -> None:
        """As on SIGTERM."""
        self.stopping = True
        await self.worker.stop(seconds)
        self.end()

    def _new_claim(self) -> str:
        self._claims += 1
        return f"life-{self.number}-{self._claims}"

    def _heard(self, report: Report) -> None:
        """What the worker calls a bug is one."""
        error = report.error
        if error is None or isinstance(error, EXPECTED):
            return
        known = type(error).__module__ == BugError.__module__
        if isinstance(error, BugError) or not known:
            self.world.bug(f"{report.kind.value}: {error!r}")
