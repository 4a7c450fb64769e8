"""A workspace with people and channels, and the whole adapter before it, over either transport."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.simulator.slack import SimSlack
from tests.adapters.slack.stage import ANNA, BEN, EVE, LEADS, OPS, Stage, serve, workspace


@pytest.fixture
async def sim() -> AsyncIterator[SimSlack]:
    async with workspace() as slack:
        yield slack


@pytest.fixture(params=["socket", "http"])
async def stage(request: pytest.FixtureRequest, sim: SimSlack) -> AsyncIterator[Stage]:
    """Both transports: what a person sees must not depend on it."""
    async with serve(sim, request.param) as up:
        yield up


@pytest.fixture
async def http_stage(sim: SimSlack) -> AsyncIterator[Stage]:
    async with serve(sim, "http") as up:
        yield up


__all__ = ["ANNA", "BEN", "EVE", "LEADS", "OPS"]
