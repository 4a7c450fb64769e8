"""Waiting for something to happen in the simulated workspace."""

from __future__ import annotations

import asyncio

import pytest

from bot.simulator.slack.workspace import Workspace


def workspace() -> Workspace:
    return Workspace(team="T0SIM", bot_user="U0BOT", clock=None)


@pytest.mark.parametrize("turns", range(4))
async def test_who_is_cancelled_in_the_moment_of_a_change_is_cancelled(turns: int) -> None:
    """A Ctrl-C that came with a message was lost, and the demo played on."""
    simulated = workspace()
    waiting = asyncio.create_task(simulated.next_change(10))
    await asyncio.sleep(0)
    simulated.changed()
    for _ in range(turns):
        await asyncio.sleep(0)

    if waiting.cancel():  # not where it had returned before
        with pytest.raises(asyncio.CancelledError):
            await waiting


async def test_a_change_is_seen_and_a_wait_without_one_ends() -> None:
    """Nobody polls, and nobody waits for ever."""
    simulated = workspace()
    waiting = asyncio.create_task(simulated.next_change(10))
    await asyncio.sleep(0)
    simulated.changed()
    await asyncio.wait_for(waiting, 5)

    await simulated.next_change(0.01)
