"""The use cases with fakes around them and a clock that the test turns: one story at a time, no threads, no waiting."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bot.domain.model import (
    ClickKind,
    Job,
    Lane,
    LaneId,
    Limits,
    Member,
    Person,
    Request,
    RequestId,
    RunningJob,
)
from bot.domain.notices import Message
from bot.domain.policy_file import load
from bot.ports import Outside
from bot.usecases.receive_click import Clicked, receive_click
from bot.usecases.receive_command import Typed, receive_command
from bot.worker.crew import Crew, Report
from bot.worker.worker import CHAT, CLOUD, PEOPLE, POLLS
from tests.fakes.memory_chat import MemoryChat, Standing
from tests.fakes.memory_cloud import MemoryCloud
from tests.fakes.memory_people import MemoryPeople
from tests.stories.witness import WitnessedStore

TEAM, CHANNEL = "T0OWN", "C0IMAGES"
ALICE, BOB, LEA, LEO, SEC, EVE = "U0ALICE", "U0BOB", "U0LEA", "U0LEO", "U0SEC", "U0EVE"
DEV, PROD, LAB = (
    "9c61004714024f9586705d090530f9fa",
    "edc89b490d7d4392898e19b2deb34797",
    "0f0e0d0c0b0a09080706050403020100",
)

POLICY = f"""
version: 1
groups:
  engineers: {{slack_usergroup: S0ENG}}
  leads: {{slack_usergroup: S0LEADS}}
  security: {{slack_usergroup: S0SEC}}
projects:
  - {{id: {DEV}, name: shop-dev, env: dev, tenant: self}}
  - {{id: {PROD}, name: shop-prod, env: prod, tenant: self}}
  - {{id: {LAB}, name: acme-lab, env: partner, tenant: acme}}
defaults: {{expires_after: 24h, remind: [2h]}}
limits: {{max_pairs: 500, max_open_per_requester: 5}}
rules:
  - {{id: encrypted-image, effect: forbid, when: {{image.encrypted: {{eq: true}}}}, message: "Encrypted images cannot be shared."}}
  - id: dev-self-service
    effect: permit
    when: {{requester.groups: {{any: [engineers]}}, project.env: {{eq: dev}}}}
    require: none
  - id: prod
    effect: permit
    when: {{requester.groups: {{any: [engineers]}}, project.env: {{eq: prod}}}}
    require: {{count: 1, from: [leads]}}
  - id: partner
    effect: permit
    when: {{requester.groups: {{any: [engineers]}}, project.tenant: {{ne: self}}}}
    require: {{all_of: [{{count: 1, from: [leads]}}, {{count: 1, from: [security]}}]}}
    share_for: {{max: 30d}}
  - {{id: taking-back, effect: permit, action: unshare, when: {{requester.groups: {{any: [engineers]}}}}, require: none}}
"""


class ManualClock:
    """Stands still until it is turned."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


class SteadyPace:
    """Asks about a job every second."""

    def __init__(self) -> None:
        self.seen: list[Job] = []

    def first_poll(self, job: Job) -> timedelta:
        return timedelta(seconds=1)

    def next_poll(self, job: Job, now: datetime) -> timedelta:
        return timedelta(seconds=1)

    def ended(self, job: Job, now: datetime) -> None:
        self.seen.append(job)

    def order(self, jobs: Sequence[RunningJob], now: datetime) -> tuple[RunningJob, ...]:
        return tuple(jobs)

    def turn_in(self) -> float:
        return 0.0

    def to_keep(self, now: datetime) -> Mapping[str, Mapping[str, object]]:
        return {}


class World:
    """Everything around the use cases, and the people who use them."""

    def __init__(self, policy: str = POLICY, limits: Limits | None = None) -> None:
        self.clock, self.pace = ManualClock(), SteadyPace()
        self.store, self.chat, self.people = WitnessedStore(), MemoryChat(), MemoryPeople(team=TEAM)
        self.cloud = MemoryCloud()
        for group, users in {"S0ENG": (ALICE, BOB, LEA), "S0LEADS": (LEA, LEO), "S0SEC": (SEC,)}.items():
            self.people.join(group, *users)
        self.policy = load(policy)
        self.outside = Outside(
            store=self.store, cloud=self.cloud, chat=self.chat, people=self.people, clock=self.clock, pace=self.pace,
            policy=lambda: self.policy, limits=limits or Limits(),
        )  # fmt: skip
        self.reports: list[Report] = []
        self._ids = itertools.count(1)
        self.crews = [self._crew(jobs) for jobs in (PEOPLE, CLOUD, POLLS, CHAT)]

    def _crew(self, jobs) -> Crew:  # type: ignore[no-untyped-def]
        return Crew(
            self.outside,
            jobs,
            size=50,
            new_claim=lambda: f"claim-{next(self._ids)}",
            report=self.reports.append,
        )

    # -- what people do --

    async def types(self, user: str, text: str, *, channel: str = CHANNEL, key: str | None = None) -> Message:
        typed = Typed(
            person=Person(TEAM, user), channel=channel, text=text, dedupe_key=key or f"t{next(self._ids)}",
            response_url=f"https://hooks.example/{next(self._ids)}",
        )  # fmt: skip
        return await receive_command(self.outside, typed)

    async def presses(
        self, user: str, click: ClickKind, lane: str = "1.1", *, team: str = TEAM, key: str | None = None,
        plan_hash: str | None = None, reason: str = "", ts: str = "",
    ) -> bool:  # fmt: skip
        stored = await self.lane(lane)
        clicked = Clicked(
            person=Person(team, user), channel=CHANNEL, click=click, lane=lane, plan_hash=plan_hash or stored.plan_hash,
            dedupe_key=key or f"c{next(self._ids)}", reason=reason, message_ts=ts,
            response_url=f"https://hooks.example/{next(self._ids)}",
        )  # fmt: skip
        return await receive_click(self.outside, clicked)

    # -- time --

    async def works(self) -> None:
        """All that is due now, and what that makes due now."""
        for _ in range(1000):
            if sum([await crew.turn() for crew in self.crews]) == 0:
                return
        raise AssertionError("the worker never comes to rest")

    async def passes(self, **length: float) -> None:
        """Time goes by, and everything that becomes due is done at its time."""
        target = self.clock.time + timedelta(**length)
        await self.works()
        while True:
            upcoming = await self.store.read(lambda view: view.next_due())
            if upcoming is None or upcoming > target:
                break
            self.clock.time = max(upcoming, self.clock.time)
            await self.works()
        self.clock.time = target

    # -- what is there --

    async def request(self, id: int = 1) -> Request:
        found = await self.store.read(lambda view: view.request(RequestId(id)))
        assert found is not None
        return found

    async def lane(self, id: str = "1.1") -> Lane:
        found = await self.store.read(lambda view: view.lane(LaneId(id)))
        assert found is not None
        return found

    async def lanes(self, id: int = 1) -> tuple[Lane, ...]:
        return await self.store.read(lambda view: view.lanes(RequestId(id)))

    async def members(self, id: str = "1.1") -> tuple[Member, ...]:
        return await self.store.read(lambda view: view.members(LaneId(id)))

    async def jobs(self, id: str = "1.1") -> tuple[Job, ...]:
        return await self.store.read(lambda view: view.jobs(LaneId(id)))

    async def kinds(self) -> list[str]:
        """The audit log's kinds, oldest first."""
        return [event.kind for event in await self.store.read(lambda view: view.events())]

    def roots(self) -> list[Standing]:
        return [m for m in self.chat.messages() if m.thread is None and m.ref.channel == CHANNEL]

    def card(self) -> Standing:
        return self.roots()[0]

    def thread(self) -> list[str]:
        return [m.message.text for m in self.chat.thread(self.card().ref)]

    def told(self) -> list[str]:
        """Everything said privately by response_url."""
        return [r.message.text for r in self.chat.responses]
