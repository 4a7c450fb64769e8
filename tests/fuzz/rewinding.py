"""A story's world that can be put back to a moment: each input of the fuzzer meets the same store, chat and cloud."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from tests.fakes.memory_tables import Tables
from tests.stories.world import ALICE, World

IMAGE_NAME, PROJECT_NAME = "base", "shop-prod"
REQUEST, LANE = 1, "1.1"
"""The request that waits in `waiting_world`, and its lane."""


async def waiting_world() -> World:
    """A world in which ALICE has asked for something in production, and its lane waits for a lead."""
    world = World()
    world.cloud.put_image(IMAGE_NAME)
    await world.types(ALICE, f"share {IMAGE_NAME} to {PROJECT_NAME}")
    await world.works()
    return world


class Moment:
    """What everything in a world was. The values in it never change, so only what holds them is copied."""

    def __init__(self, world: World) -> None:
        parts = (world, world.store, world.chat, world.cloud, world.people, world.clock, world.pace)
        self._kept = [(part, {name: _copied(value) for name, value in vars(part).items()}) for part in parts]

    def restore(self) -> None:
        """Puts all of it back."""
        for part, kept in self._kept:
            for name, value in kept.items():
                setattr(part, name, _copied(value))


def _copied(value: Any) -> Any:
    if isinstance(value, Tables):
        return value.copy()
    return type(value)(value) if type(value) in (dict, list, set, deque) else value


@dataclass(frozen=True)
class State:
    """What the store held at some moment."""

    tables: Tables

    @classmethod
    def of(cls, world: World) -> State:
        return cls(world.store._tables.copy())

    def what_moved(self, since: State) -> set[str]:
        """The tables that differ."""
        now, then = vars(self.tables), vars(since.tables)
        return {name for name in now if now[name] != then[name]}

    def of_the_waiting(self) -> Any:
        """Everything of the waiting request: it, its lane, members, decisions and jobs."""
        t = self.tables
        return (
            t.requests[REQUEST],  # type: ignore[index]
            t.lanes[LANE],  # type: ignore[index]
            [member for member in t.members.values() if member.lane == LANE],
            [decision for decision in t.decisions.values() if decision.lane == LANE],
            [job for job in t.jobs.values() if job.lane == LANE],
            [lane for lane in t.lanes.values() if lane.request == REQUEST],
        )
