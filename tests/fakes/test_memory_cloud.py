"""The cloud in memory keeps the port's promises, and its own about ordered trouble."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.domain.errors import CloudBusyError
from bot.domain.model import Action, ImageId, ImageKind, ProjectId
from bot.ports import Cloud, JobPhase
from tests.contracts.cloud_contract import A, B, CloudContract
from tests.fakes.memory_cloud import Ending, MemoryCloud, Trouble


@dataclass
class MemoryWorld:
    memory: MemoryCloud = field(default_factory=MemoryCloud)

    @property
    def cloud(self) -> Cloud:
        return self.memory

    def add_image(self, name: str, **facts: Any) -> ImageId:
        if "kind" in facts:
            facts["kind"] = ImageKind(facts["kind"])
        return self.memory.put_image(name, **facts)

    def put_member(self, image: ImageId, project: ProjectId, status: str) -> None:
        self.memory.put_member(image, project, status)

    def members(self, image: ImageId) -> dict[ProjectId, str]:
        return self.memory.members_of(image)

    def writes(self) -> int:
        return len(self.memory.submitted)

    def trouble(self, what: Trouble, times: int = 1) -> None:
        self.memory.fail(what, method="submit", times=times, code="IMG.0067")

    def end_next_job(self, ending: Ending) -> None:
        self.memory.end_next_job(ending)

    def fail_pair(self, image: ImageId, project: ProjectId) -> None:
        self.memory.fail_pair(image, project)

    def pass_time(self) -> None:
        """Jobs here go on by being polled."""


class TestMemoryCloud(CloudContract):
    @pytest.fixture
    def world(self) -> MemoryWorld:
        return MemoryWorld()


async def test_the_effect_of_a_lost_call_shows_after_the_ordered_number_of_reads() -> None:
    """Tests of settling need a cloud that is slow to show."""
    cloud = MemoryCloud(reads_to_show=2)
    image = cloud.put_image("base")
    cloud.fail("lose_after", method="submit")
    with pytest.raises(Exception, match="may have been"):
        await cloud.submit(Action.SHARE, [image], [A])

    seen = [len(await cloud.members(image)) for _ in range(3)]

    assert seen == [0, 0, 1]


async def test_sharing_what_is_shared_is_kept_as_redundant() -> None:
    """Tests ask for it to see that nothing was done twice."""
    cloud = MemoryCloud()
    image = cloud.put_image("base")
    cloud.put_member(image, A)
    await cloud.submit(Action.SHARE, [image], [A, B])

    cloud.settle()

    assert cloud.effects == [(Action.SHARE, image, B)]
    assert cloud.redundant == [(Action.SHARE, image, A)]


async def test_ordered_trouble_meets_only_the_ordered_method() -> None:
    """A fault that hits a bystander makes a test prove something else."""
    cloud = MemoryCloud()
    image = cloud.put_image("base")
    cloud.fail("busy", method="job", retry_after=7.0)
    ticket = await cloud.submit(Action.SHARE, [image], [A])

    with pytest.raises(CloudBusyError) as busy:
        await cloud.job(ticket.job_id)

    assert busy.value.retry_after == 7.0
    assert cloud.called("job") == 1


async def test_a_job_can_be_ordered_to_get_lost() -> None:
    """Tests of the unknown state need a job that the cloud forgets."""
    cloud = MemoryCloud()
    cloud.end_next_job("absent")
    ticket = await cloud.submit(Action.SHARE, [cloud.put_image("base")], [A])

    assert (await cloud.job(ticket.job_id)).phase is JobPhase.ABSENT
