"""A store that is away is said once, then once a minute, and once when it is back; not once a second for each crew."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest
import structlog

from bot.domain.errors import StoreBrokenError
from bot.domain.model import Due, DueKind
from bot.ports import Outside, Transaction
from bot.worker.crew import Crew
from bot.worker.store_trouble import StoreTrouble
from tests.stories.witness import WitnessedStore
from tests.stories.world import ManualClock, World

T = TypeVar("T")
FULL = StoreBrokenError("The disk is full.")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def second_by_second(clock: ManualClock, trouble: StoreTrouble, seconds: int, *who: str) -> list[str]:
    """What is said while everybody meets it once a second."""
    with structlog.testing.capture_logs() as lines:
        for _ in range(seconds):
            for one in who:
                trouble.met(one, FULL)
            clock.time += timedelta(seconds=1)
    return [line["event"] for line in lines]


def test_four_crews_that_meet_it_every_second_say_it_once_a_minute(clock: ManualClock) -> None:
    """A full disk that fills the log would be two troubles."""
    trouble = StoreTrouble(clock)
    assert second_by_second(clock, trouble, 59, "people", "cloud", "polls", "chat") == ["store_unavailable"]
    assert (
        second_by_second(clock, trouble, 122, "people", "cloud", "polls", "chat") == ["store_unavailable"] * 3
    )


def test_its_end_is_said_once_and_only_when_it_is_over_for_everybody(clock: ManualClock) -> None:
    """A crew that only reads gets on well with a full disk, and must not call the others wrong."""
    trouble = StoreTrouble(clock)
    second_by_second(clock, trouble, 5, "people", "chat")
    with structlog.testing.capture_logs() as lines:
        trouble.over("polls")
        trouble.over("people")
        assert lines == []
        trouble.over("chat")
        trouble.over("chat")
    assert [(line["event"], line["seconds"]) for line in lines] == [("store_available_again", 5.0)]


def test_the_next_trouble_is_said_at_once(clock: ManualClock) -> None:
    """It is another one; waiting for the minute would hide it."""
    trouble = StoreTrouble(clock)
    second_by_second(clock, trouble, 5, "people")
    trouble.over("people")
    assert second_by_second(clock, trouble, 5, "people") == ["store_unavailable"]


def test_a_clock_that_was_set_back_does_not_silence_it(clock: ManualClock) -> None:
    """Else it would be quiet for as long as the clock was ahead."""
    trouble = StoreTrouble(clock)
    second_by_second(clock, trouble, 1, "people")
    clock.time -= timedelta(days=1)
    assert second_by_second(clock, trouble, 1, "people") == ["store_unavailable"]


class FullDisk(WitnessedStore):
    """Can be read, and written again after some tries."""

    tries = 0

    async def write(self, step: Callable[[Transaction], T]) -> T:
        self.tries -= 1
        if self.tries >= 0:
            raise FULL
        return await super().write(step)


async def test_crews_on_a_full_disk_say_it_once_and_say_when_it_is_over() -> None:
    """Two of them, one with nothing to do: reading is no proof that the disk has room."""
    world, done, ids, full = World(), asyncio.Event(), itertools.count(), FullDisk()
    outside, now = replace(world.outside, store=full), world.clock.now()
    await full.write(lambda tx: tx.plan_work(DueKind.POLL, "1", now))
    full.tries = 2
    trouble = StoreTrouble(world.clock)

    async def act(outside: Outside, due: Due) -> None:
        await outside.store.write(lambda tx: tx.finish(due))
        done.set()

    def crew(kind: DueKind) -> Crew:
        return Crew(
            outside, {kind: act}, size=2, new_claim=lambda: f"c{next(ids)}", report=lambda _: None, trouble=trouble
        )  # fmt: skip

    crews = [crew(DueKind.POLL), crew(DueKind.START)]
    with structlog.testing.capture_logs() as lines:
        runs = [asyncio.create_task(one.run()) for one in crews]
        async with asyncio.timeout(20):
            while not done.is_set():
                for one in crews:
                    one.nudge()
                await asyncio.sleep(0)
        for one in crews:
            await one.stop(1.0)
        await asyncio.gather(*runs)
    assert [line["event"] for line in lines] == ["store_unavailable", "store_available_again"]
