"""The process dies at every border it crosses, once each, and a new one goes on from the store alone: same end, nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.domain.audit import verify
from bot.domain.model import Action, ClickKind, ImageId, MessageRef, ProjectId
from bot.domain.notices import Message
from bot.domain.states import LaneState, MemberOutcome
from bot.ports import Chat, Cloud, Store, Ticket, Transaction, View
from bot.usecases.speak import REPEATED
from bot.worker.crew import Crew
from bot.worker.worker import CHAT, CLOUD, PEOPLE, POLLS
from tests.stories.world import ALICE, DEV, LEA, PROD, World


class KilledError(BaseException):
    """As SIGKILL: nothing in the program can catch it."""


class Doom:
    """Dies at the n-th border; counts them all the same."""

    def __init__(self, at: int) -> None:
        self.at, self.borders = at, 0

    def border(self) -> None:
        self.borders += 1
        if self.borders == self.at:
            raise KilledError


class MortalStore:
    """Dies just before or just after something became durable."""

    def __init__(self, store: Store, doom: Doom) -> None:
        self._store, self._doom = store, doom

    async def write(self, step: Callable[[Transaction], Any]) -> Any:
        self._doom.border()
        result = await self._store.write(step)
        self._doom.border()
        return result

    async def read(self, query: Callable[[View], Any]) -> Any:
        return await self._store.read(query)

    async def close(self) -> None:
        await self._store.close()


class MortalCloud:
    """Dies just before the cloud is told, or before its answer is heard."""

    def __init__(self, cloud: Cloud, doom: Doom) -> None:
        self._cloud, self._doom = cloud, doom

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cloud, name)

    async def submit(
        self, action: Action, images: Sequence[ImageId], projects: Sequence[ProjectId]
    ) -> Ticket:
        self._doom.border()
        ticket = await self._cloud.submit(action, images, projects)
        self._doom.border()
        return ticket


class MortalChat:
    """Dies just before Slack is told, or before its answer is heard."""

    def __init__(self, chat: Chat, doom: Doom) -> None:
        self._chat, self._doom = chat, doom

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chat, name)

    async def post(
        self, channel: str, message: Message, *, thread: str | None = None, mark: str = "", key: str = ""
    ) -> MessageRef:
        self._doom.border()
        ref = await self._chat.post(channel, message, thread=thread, mark=mark, key=key)
        self._doom.border()
        return ref


def haunted(world: World, doom: Doom) -> None:
    """The world's worker now lives under this doom."""
    world.outside = replace(
        world.outside,
        store=MortalStore(world.store, doom),
        cloud=MortalCloud(world.cloud, doom),  # type: ignore[arg-type]
        chat=MortalChat(world.chat, doom),  # type: ignore[arg-type]
    )
    world.crews = [
        Crew(
            world.outside,
            jobs,
            size=50,
            new_claim=lambda: f"life-{doom.at}-{doom.borders}",
            report=world.reports.append,
        )
        for jobs in (PEOPLE, CLOUD, POLLS, CHAT)
    ]


async def story(world: World) -> None:
    """One lane goes at once, one waits for a lead, who approves; a press that was not acknowledged is pressed again."""
    while True:
        try:
            await world.passes(minutes=3)
            lanes = await world.lanes()
            if not [lane for lane in lanes if lane.state is LaneState.AWAITING_APPROVAL]:
                return
            await world.presses(LEA, ClickKind.APPROVE, "1.2", key="the-click")
        except KilledError:
            world.cloud.settle()  # the cloud works on while nobody asks
            haunted(world, Doom(at=0))


async def lived_through(at: int) -> tuple[World, int]:
    """The story with a death at the n-th border."""
    world = World()
    world.cloud.put_image("base")
    await world.types(ALICE, "share base to shop-dev, shop-prod because CHG-1")
    doom = Doom(at)
    haunted(world, doom)
    await story(world)
    return world, doom.borders


def times(world: World) -> Mapping[str, int]:
    return Counter(m.message.text for m in world.chat.messages() if not m.mark)


async def test_a_crash_at_any_border_changes_nothing_of_the_end() -> None:
    """kill -9 between any two steps: same outcome, no pair twice, no unmarked message twice, an unbroken audit log."""
    _, borders = await lived_through(at=0)
    assert borders > 60

    for at in range(1, borders + 1):
        world, _ = await lived_through(at)
        states = {lane.state for lane in await world.lanes()}
        assert states == {LaneState.SUCCEEDED}, at
        outcomes = [m.outcome for lane in await world.lanes() for m in await world.members(lane.id)]
        assert outcomes == [MemberOutcome.DONE, MemberOutcome.DONE], at
        image = (await world.members())[0].image.id
        assert world.cloud.members_of(image) == {DEV: "pending", PROD: "pending"}, at
        assert world.cloud.redundant == [], at
        assert len(world.cloud.effects) == len(world.cloud.submitted) == 2, at
        assert max(times(world).values()) == 1, (at, times(world))
        assert all(m.mark in ("", REPEATED) for m in world.chat.messages()), at
        assert verify(await world.store.read(lambda view: view.events())) is None, at
