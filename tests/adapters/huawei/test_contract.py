"""The real adapter keeps the port's promises against the simulated cloud, over sockets, whichever way it
proves who it is and whichever job query the cloud offers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.adapters.huawei.budget import Budget
from bot.adapters.huawei.client import HuaweiCloud
from bot.adapters.huawei.settings import AkSk, HuaweiSettings, Password
from bot.domain.model import ImageId, ProjectId
from bot.simulator.ims.console import SimIms
from tests.contracts.cloud_contract import A, B, C, CloudContract

_WRITES = "/v1/cloudimages/members"
_FAULTS = {
    "busy": "429",
    "auth": "401",
    "refuse": "refuse:IMG.0067",
    "lose_before": "lose_answer_before",
    "lose_after": "lose_answer_after",
}
_ENDINGS = {"fail_but_shared": "job_fail_but_shared", "success_but_missing": "job_success_but_missing"}


class MovableClock:
    def __init__(self) -> None:
        self.at = datetime(2026, 1, 15, 10, 11, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@dataclass
class SimulatedWorld:
    sim: SimIms
    real: HuaweiCloud
    unreachable: HuaweiCloud
    clock: MovableClock
    down: bool = False

    @property
    def cloud(self) -> HuaweiCloud:
        return self.unreachable if self.down else self.real

    def add_image(self, name: str, **facts: Any) -> ImageId:
        return ImageId(self.sim.add_image(name, **facts))

    def put_member(self, image: ImageId, project: ProjectId, status: str) -> None:
        self.sim.set_member(image, project, status)

    def members(self, image: ImageId) -> dict[ProjectId, str]:
        return {ProjectId(project): status for project, status in self.sim.members(image).items()}

    def writes(self) -> int:
        return len(self.sim.writes())

    def trouble(self, what: str, times: int = 1) -> None:
        if what == "down":
            self.down = True
        else:
            self.sim.fault(_FAULTS.get(what, what), match=_WRITES, times=2 if what == "auth" else times)

    def end_next_job(self, ending: str) -> None:
        self.sim.fault(_ENDINGS[ending])

    def fail_pair(self, image: ImageId, project: ProjectId) -> None:
        self.sim.fail_pair(image, project)

    def pass_time(self) -> None:
        self.clock.at += timedelta(seconds=2)


@pytest.fixture(
    params=[
        ("key", {}),
        ("key", {"legacy_only": True, "page_info_array": True}),
        ("key", {"current_only": True, "results_in_progress": True, "marker_always": True}),
        ("password", {"results_with_project": True}),
    ],
    ids=["key", "older cloud", "newer cloud", "password"],
)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[SimulatedWorld]:
    proof, switches = request.param
    clock = MovableClock()
    sim = SimIms(clock=clock, **switches)
    url = await sim.start()
    for project in (A, B, C):
        sim.add_project(project)
    credentials = (
        AkSk(ak=sim.ak, sk=sim.sk)
        if proof == "key"
        else Password(username="user", password="password", user_domain_name="ACCOUNT")
    )
    project_id = sim.project_id if proof == "key" else None

    def cloud_at(ims: str) -> HuaweiCloud:
        settings = HuaweiSettings(
            region=sim.region, credentials=credentials, project_id=project_id, endpoint=ims, iam_endpoint=url
        )
        return HuaweiCloud(settings, budget=Budget(1000.0, 1000), clock=clock)

    async with cloud_at(url) as cloud, cloud_at("http://127.0.0.1:9") as unreachable:
        yield SimulatedWorld(sim=sim, real=cloud, unreachable=unreachable, clock=clock)
    await sim.stop()


class TestHuaweiCloud(CloudContract):
    """The promises of the port."""
