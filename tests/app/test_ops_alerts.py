"""Operators are told of what only they can mend, and not a thousand times."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.app.ops_alerts import OpsAlerts
from bot.domain.errors import CloudAuthError, CloudBusyError
from bot.domain.model import DueKind
from bot.worker import Report
from bot.worker.crew import Outcome
from tests.stories.world import World


def report(error: Exception) -> Report:
    return Report(kind=DueKind.SUBMIT, outcome=Outcome.BROKEN, seconds=0.0, error=error)


async def told(world: World) -> list[str]:
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await world.works()
    return [m.message.text for m in world.chat.messages("C0OPS")]


async def test_refused_credentials_are_told_once_an_hour() -> None:
    """A thousand failing rows are one trouble."""
    world = World()
    alerts = OpsAlerts(world.outside, "C0OPS")
    for _ in range(5):
        alerts.heard(report(CloudAuthError("the key is refused")))
    assert await told(world) == ["The bot needs its operator: the key is refused"]
    world.clock.time += timedelta(hours=2)
    alerts.heard(report(CloudAuthError("the key is refused")))
    assert len(await told(world)) == 2


async def test_what_time_mends_is_not_told() -> None:
    """Nobody is woken for a busy cloud."""
    world = World()
    OpsAlerts(world.outside, "C0OPS").heard(report(CloudBusyError()))
    assert await told(world) == []


async def test_without_a_channel_nothing_is_said() -> None:
    """The log and /readyz say it anyway."""
    world = World()
    OpsAlerts(world.outside, None).heard(report(CloudAuthError()))
    await asyncio.sleep(0)
    await world.works()
    assert world.chat.messages() == []
