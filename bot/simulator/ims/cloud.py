"""The parts of the simulated cloud that belong together, handed to every endpoint. No behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.simulator.ims.faults import Faults
from bot.simulator.ims.gate import Gate
from bot.simulator.ims.jobs import JobDesk
from bot.simulator.ims.records import Call, Switches
from bot.simulator.ims.world import World


@dataclass(kw_only=True)
class Cloud:
    switches: Switches
    world: World
    desk: JobDesk
    gate: Gate
    faults: Faults
    project: str
    """The owner's project."""
    user: tuple[str, str, str]
    """Account, IAM user, password."""
    calls: list[Call] = field(default_factory=list)
