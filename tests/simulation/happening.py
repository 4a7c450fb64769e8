"""What every deed does to the world: it is told and counted, and clocks may jump."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.simulation.script import DeedKind

if TYPE_CHECKING:
    from tests.simulation.world import World


def happened(world: World, kind: DeedKind, told: str) -> None:
    world.done.append(kind)
    world.tell("fault", told)


def jump(world: World, seconds: float) -> None:
    """Of every clock. Leases may have run out under those who hold them."""
    world.off += timedelta(seconds=seconds)
    world.interrupted()
    world.seen.staleness = max(world.seen.staleness, 90.0 + abs(seconds))
