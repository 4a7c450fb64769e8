"""The world of one run: time, the processes of the bot one after the other or at once, and everything around them."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from random import Random
from typing import Any, NoReturn

from bot.domain.model import LaneId, RequestId
from bot.ports import Outside
from tests.fakes.memory_chat import MemoryChat
from tests.invariants import AFTER_EACH_CALL, violations_of
from tests.invariants.evidence import Collected, Enforced, Said, Violation
from tests.simulation import town
from tests.simulation.chance import Chance
from tests.simulation.crowd import IMAGES, Crowd
from tests.simulation.events import became, happen
from tests.simulation.ims import SimulatedIms
from tests.simulation.life import BEGINNING, LIVING, KilledError, Life
from tests.simulation.loop import NumberedTask, VirtualLoop
from tests.simulation.script import DeedKind, Script
from tests.simulation.stores import Agenda, Back, MemoryBack, SqliteBack
from tests.simulation.story import Story
from tests.simulation.town import LOOKUP_AGE, Town

SETTLING = 100 * 86_400.0
"""Seconds after the end of trouble within which everything must have come to an end: the longest share, and some."""
RESTLESS = 40_000
"""Steps after the end of trouble with which everything must have come to an end."""
Changed = Callable[[Outside], Outside]


class World:
    """`changed` may put something of its own in the place of a port, for tests of the simulation."""

    def __init__(
        self, script: Script, loop: VirtualLoop, story: Story, changed: Changed = lambda outside: outside
    ) -> None:
        self.script, self.seed, self.loop = script, script.seed, loop
        self.story, self.changed = story, changed
        self.seen = Collected(team=town.TEAM, lookup_age=LOOKUP_AGE)
        self.chance = Chance(script.seed, script.rates, script.only)
        self.dice = Random(f"{script.seed}/latency")
        self.back: Back = SqliteBack() if script.sqlite else MemoryBack()
        self.agenda = Agenda(self.back)
        self.ims = SimulatedIms(self.now, self.chance, self.seed, self.seen)
        self.chat, self.town = MemoryChat(blind=script.blind), Town(self.now, self.chance, self.seen)
        self.crowd = Crowd(self)
        self.lives: list[Life] = []
        self.busy_deeds = 0
        self.off = timedelta(0)
        self.store_busy_until = self.chat_busy_until = 0.0
        self.done: list[DeedKind] = []
        self.violations: list[Violation] = []
        self.hasty, self.over = False, False
        """Whether to end with the first broken promise that shows at once; whether to end now."""
        self.thawed = 0.0
        self.deaths = 0
        self._numbers = itertools.count(1)
        self._plans: list[tuple[float, int]] = []
        self._last_event = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self.set_policy(0)
        self._furnish()

    def _furnish(self) -> None:
        for name in (*IMAGES[:7], "twin", "twin"):
            self.ims.put_image(name)
        self.ims.put_image("secret-disk", encrypted=True)
        self.ims.put_image("theirs", owner="9" * 32)

    # -- time -------------------------------------------------------------------------------------------------

    def now(self) -> float:
        return self.loop.time()

    def wall(self) -> datetime:
        return BEGINNING + timedelta(seconds=round(self.loop.time(), 6)) + self.off

    def latency(self) -> float:
        """Of one way of a call."""
        drawn = self.dice.random()
        return 0.0 if drawn < 0.3 else 0.002 + drawn * drawn * 0.4

    def at(self, wait: float, act: Callable[[], Awaitable[None] | None]) -> None:
        """Something is done after so many seconds."""
        number = next(self._numbers)
        heapq.heappush(self._plans, (self.now() + wait, number))
        self.loop.call_later(wait, self._act, act, (self.now() + wait, number))

    def _act(self, act: Callable[[], Awaitable[None] | None], plan: tuple[float, int]) -> None:
        self._plans.remove(plan)
        heapq.heapify(self._plans)
        begun = act()
        if begun is not None:
            task = self.loop.create_task(self._counted(begun))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _counted(self, begun: Awaitable[None]) -> None:
        self.busy_deeds += 1
        try:
            await begun
        finally:
            self.busy_deeds -= 1

    def tell(self, kind: str, what: str, life: Life | None = None) -> None:
        self.story.tell(self.now(), kind, what, 0 if life is None else life.number)

    # -- what is seen -----------------------------------------------------------------------------------------

    def committed(self, life: Life, alone: object = None) -> None:
        """Something became durable just now."""
        self.agenda.forget()
        events = self.back.read(lambda view: view.events(after=self._last_event))
        for event in events:
            self.seen.event_at[event.id] = self.now()
            lane = f" {event.lane or ('#' + str(event.request) if event.request else '')}"
            self.tell("state", f"{event.kind}{lane} {event.data.get('state', '')}".rstrip(), life)
            self._last_event = event.id
            became(self, event, (life, alone))

    def called(self, before: int) -> None:
        """Calls may have reached the cloud since there were so many: what is final about them is judged at once."""
        if len(self.seen.calls) > before:
            self.seen.stored = self.back.stored()
            self.violations += violations_of(self.seen, AFTER_EACH_CALL)
            self.over = self.over or (self.hasty and bool(self.violations))

    def stood(self, said: Said) -> None:
        said.at = self.now()
        if said.method == "post":
            said.ref = self.chat.messages()[-1].ref
        self.seen.said.append(said)

    def interrupted(self) -> None:
        self.seen.interruptions.append(self.now())

    def bug(self, what: str) -> None:
        self.tell("BUG", what)
        self.violations.append(Violation(0, "no_bug", what))

    def url_owner(self, url: str) -> str:
        return self.crowd.urls.get(url, "")

    def requests(self) -> int:
        found: int = self.back.read(lambda view: len(view.requests("all", limit=100)))
        return found

    def requester_of(self, lane: str) -> str | None:
        def query(view: Any) -> str | None:
            request = view.request(RequestId(int(LaneId(lane).split(".")[0])))
            return None if request is None else request.requester.user

        found: str | None = self.back.read(query)
        return found

    def set_policy(self, number: int) -> None:
        self.policy = town.policies()[number]
        self.seen.policies.append(Enforced(at=self.now(), policy=self.policy))

    # -- lives ------------------------------------------------------------------------------------------------

    def alive(self) -> list[Life]:
        return [life for life in self.lives if not life.dead and not life.stopping]

    def some_life(self, dice: Random) -> Life | None:
        alive = self.alive()
        return dice.choice(alive) if alive else None

    def start_life(self) -> None:
        others = [life for life in self.lives if not life.dead]
        number = len(self.lives) + 1
        life = Life(
            self, number, self.back.hand(alone=not others), skew=self.dice.choice((0.0, 0.0, 0.0, -1.5, 2.0))
        )
        self.lives.append(life)
        self.agenda.forget()
        self.tell("life", f"process {number} starts", life)
        life.start()

    def crash(self, life: Life, where: str) -> NoReturn:
        self.kill(life, where)
        raise KilledError

    def kill(self, life: Life, where: str) -> None:
        """At once; another is started a while later."""
        if life.dead:
            return
        self.tell("fault", f"process {life.number} dies {where}", life)
        self.interrupted()
        self.deaths += 1
        life.end()
        life.hand.close()
        self.at(self.dice.choice((0.2, 2.0, 10.0, 70.0)), self._replace)

    def _replace(self) -> None:
        if not self.alive():
            self.start_life()

    # -- the run ----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        self.start_life()
        for deed in self.script.deeds:
            if deed.at < self.script.length:
                self.at(deed.at, lambda deed=deed: self._do(deed))  # type: ignore[misc]
        await self._until(self.script.length)
        self._heal()
        await self._settle()
        for life in self.alive():
            await life.stop(30)
        self.seen.stored = self.back.stored()

    def _do(self, deed: Any) -> Awaitable[None] | None:
        if deed.kind is DeedKind.TYPES:
            return self.crowd.types(deed)
        if deed.kind is DeedKind.PRESSES:
            return self.crowd.presses(deed)
        return happen(self, deed)

    async def _until(self, end: float) -> None:
        """Time passes, quickly where nothing is to be done."""
        while self.now() < end and not self.over:
            await asyncio.sleep(min(0.5, end - self.now()))
            self._hurry(end)

    def _hurry(self, end: float) -> None:
        """While everybody sleeps, the time until something is due is passed over."""
        if self._busy():
            return
        awake = [life for life in self.alive() if life.frozen_until <= self.now()]
        due = self.agenda.next_due() if awake else None
        upcoming = end if due is None else self.now() + (due - self.wall()).total_seconds()
        if self._plans:
            upcoming = min(upcoming, self._plans[0][0])
        asleep = (life.frozen_until for life in self.lives if not life.dead)
        upcoming = min([upcoming, *(until for until in (self.thawed, *asleep) if until > self.now())])
        gap = min(upcoming, end) - self.now() - 0.02
        if gap > 0.25:
            self.loop.skip(gap)

    def _busy(self) -> bool:
        """Whether something is under way that will not take long."""
        now = self.now()
        return self.busy_deeds > 0 or any(
            life.in_flight for life in self.lives if not life.dead and life.frozen_until <= now
        )

    async def rest(self, seconds: float) -> None:
        """A long wait: nothing happens before it ends, unless somebody else does something."""
        plan = (self.now() + seconds, next(self._numbers))
        heapq.heappush(self._plans, plan)
        try:
            await asyncio.sleep(seconds)
        finally:
            self._plans.remove(plan)
            heapq.heapify(self._plans)

    def _heal(self) -> None:
        """From here on all goes well."""
        self.tell("world", "trouble is over")
        self.chance.healed = True
        self.ims.busy_until = self.store_busy_until = self.chat_busy_until = 0.0
        self.chat.unreachable.clear()
        # What a frozen process has begun goes on when its sleep ends: a press it has heard is stored only then.
        self.thawed = max((life.frozen_until for life in self.lives if not life.dead), default=0.0) + 2
        for life in self.lives:
            life.frozen_until = 0.0
        if not self.alive():
            self.start_life()

    async def _settle(self) -> None:
        end, most = self.now() + SETTLING, self.story.steps + RESTLESS
        while self.now() < end and self.story.steps < most and not self.over:
            await asyncio.sleep(2)
            rests = self.now() > self.thawed and not self._busy() and not self._plans
            if rests and self.agenda.next_due() is None:
                return
            self._hurry(end)

    def close(self) -> None:
        for life in self.lives:
            if not life.dead:
                life.end()
                life.hand.close()
        self.back.close()


def of_a_life(task: NumberedTask) -> None:
    """Told of every task that is made."""
    with suppress(LookupError):
        LIVING.get().born(task)
