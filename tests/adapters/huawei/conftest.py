"""A scripted server, a clock that stands still, and adapters that speak to the one by the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.adapters.huawei.budget import Budget
from bot.adapters.huawei.client import HuaweiCloud
from bot.adapters.huawei.settings import AkSk, HuaweiSettings, Password, Timeouts
from tests.adapters.huawei.scripted import ScriptedServer

PROJECT = "0123456789abcdef0123456789abcdef"
SECRETS = ("SECRETKEY", "hunter2-password", "SECURITYTOKEN", "TOKENVALUE")
KEY = AkSk(ak="ACCESSKEY", sk="SECRETKEY", security_token="SECURITYTOKEN")
WHO = Password(username="bot", password="hunter2-password", user_domain_name="ACCOUNT")


@dataclass
class StandingClock:
    at: datetime = field(default_factory=lambda: datetime(2026, 1, 15, 10, 11, 12, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Made:
    """What a test may ask of the adapters that were made for it."""

    server: ScriptedServer
    clock: StandingClock
    budget: Budget
    clouds: list[HuaweiCloud] = field(default_factory=list)

    def __call__(self, credentials: AkSk | Password = KEY, **changes: Any) -> HuaweiCloud:
        settings = settings_for(self.server.url, credentials, **changes)
        cloud = HuaweiCloud(settings, budget=self.budget, clock=self.clock)
        self.clouds.append(cloud)
        return cloud


def settings_for(url: str, credentials: AkSk | Password = KEY, **changes: Any) -> HuaweiSettings:
    usual: dict[str, Any] = {
        "region": "eu-west-101",
        "endpoint": url,
        "iam_endpoint": url,
        "project_id": PROJECT if isinstance(credentials, AkSk) else None,
        "timeouts": Timeouts(connect=2.0, read=0.3, total=2.0, wait=5.0),
        "reads_retry": 0,
    }
    return HuaweiSettings(credentials=credentials, **{**usual, **changes})


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    server = ScriptedServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def make(server: ScriptedServer) -> AsyncIterator[Callable[..., HuaweiCloud]]:
    made = Made(server=server, clock=StandingClock(), budget=Budget(1000.0, 1000))
    yield made
    for cloud in made.clouds:
        await cloud.close()
