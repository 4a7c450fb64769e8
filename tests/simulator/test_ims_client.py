"""The official client against the simulated IMS; and, for the other test files here, how to run both."""

from __future__ import annotations

import asyncio
import functools
import importlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import aiohttp
import pytest

from bot.simulator.ims import SimIms

SHOP_DEV = "9c61004714024f9586705d090530f9fa"
SHOP_PROD = "edc89b490d7d4392898e19b2deb34797"
UNKNOWN_PROJECT = "0" * 31 + "9"
UNKNOWN_IMAGE = "00000000-0000-4000-8000-000000000009"


class ShiftedClock:
    """The real time (the official client signs with it), put forward by hand."""

    def __init__(self) -> None:
        self.shift = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift

    def advance(self, seconds: float) -> None:
        self.shift += timedelta(seconds=seconds)


@asynccontextmanager
async def running(**settings: Any) -> AsyncIterator[SimIms]:
    """A simulator that listens and knows two receiving projects."""
    sim = SimIms(**settings)
    sim.add_project(SHOP_DEV)
    sim.add_project(SHOP_PROD)
    await sim.start()
    try:
        yield sim
    finally:
        await sim.stop()


@functools.cache
def sdk() -> ModuleType:
    """The official client, imported in a home of its own: importing it writes a file there."""
    home = os.environ.get("HOME")
    with tempfile.TemporaryDirectory() as elsewhere:
        os.environ["HOME"] = elsewhere
        try:
            importlib.import_module("huaweicloudsdkcore.http.user_agent")
            return importlib.import_module("huaweicloudsdkims.v2")
        finally:
            if home is None:
                del os.environ["HOME"]
            else:
                os.environ["HOME"] = home


class Official:
    """The official client, its calls awaitable, its refusals as (HTTP status, code)."""

    def __init__(
        self, sim: SimIms, *, ak: str = "", sk: str = "", project: str = "", timeout: float = 20.0
    ) -> None:
        ims = sdk()
        core = importlib.import_module("huaweicloudsdkcore.auth.credentials")
        config = importlib.import_module(
            "huaweicloudsdkcore.http.http_config"
        ).HttpConfig.get_default_config()
        config.timeout = (timeout, timeout)
        credentials = core.BasicCredentials(ak or sim.ak, sk or sim.sk, project or sim.project_id)
        builder = ims.ImsClient.new_builder().with_http_config(config).with_endpoint(sim.url)
        self._client = builder.with_credentials(credentials).build()

    async def call(self, operation: str, **fields: Any) -> Any:
        """The response model of the operation, such as batch_add_members."""
        name = "".join(word.capitalize() for word in operation.split("_"))
        request = getattr(sdk(), name + "Request")(**fields)
        return await asyncio.to_thread(getattr(self._client, operation), request)

    async def share(self, images: list[str], projects: list[str]) -> str:
        body = sdk().BatchAddMembersRequestBody(images=images, projects=projects)
        return str((await self.call("batch_add_members", body=body)).job_id)

    async def take_back(self, images: list[str], projects: list[str]) -> str:
        body = sdk().BatchAddMembersRequestBody(images=images, projects=projects)
        return str((await self.call("batch_delete_members", body=body)).job_id)

    async def answer(self, images: list[str], project: str, status: str) -> str:
        body = sdk().BatchUpdateMembersRequestBody(images=images, project_id=project, status=status)
        return str((await self.call("batch_update_members", body=body)).job_id)

    async def state(self, job: str) -> str:
        return str((await self.call("show_job_progress", job_id=job)).status)


async def refusal(call: Any) -> tuple[int, str]:
    """Status and code as the official client's own error handler reads them."""
    errors = importlib.import_module("huaweicloudsdkcore.exceptions.exceptions")
    with pytest.raises(errors.ServiceResponseException) as caught:
        await call
    assert caught.value.request_id
    return caught.value.status_code, caught.value.error_code


async def plain(sim: SimIms, method: str, path: str, **more: Any) -> tuple[int, Any, Any]:
    """(status, headers, JSON or None) of a bare request without credentials of its own."""
    async with aiohttp.ClientSession() as session, session.request(method, sim.url + path, **more) as answer:
        body = await answer.read()
        return answer.status, answer.headers, (await answer.json() if body else None)


async def test_the_official_client_can_share_look_and_take_back() -> None:
    """If the vendor's own client can drive the simulator, our tests against it mean something."""
    clock = ShiftedClock()
    async with running(clock=clock) as sim:
        image, client = sim.add_image("base-ubuntu-24"), Official(sim)

        job = await client.share([image], [SHOP_DEV, SHOP_PROD])
        clock.advance(2)
        progress = await client.call("show_job_progress", job_id=job)
        status = await client.call("show_job", job_id=job)
        listed = await client.call("list_image_members", image_id=image)
        one = await client.call("show_image_member", image_id=image, member_id=SHOP_DEV)
        images = await client.call("list_images", id=image)
        taken = await client.take_back([image], [SHOP_DEV])
        clock.advance(2)

        assert (progress.status, progress.job_type) == ("SUCCESS", "imsAddImageMembersJob")
        assert (status.status, status.entities.results[0].status) == ("SUCCESS", "success")
        assert {m.member_id: m.status for m in listed.members} == {SHOP_DEV: "pending", SHOP_PROD: "pending"}
        assert (one.member_id, one.member_type) == (SHOP_DEV, "project")
        assert [(found.id, found.imagetype) for found in images.images] == [(image, "shared")]
        assert (await client.call("show_job", job_id=taken)).entities.results == []
        assert sim.members(image) == {SHOP_PROD: "pending"}
        assert [(what, project) for _, what, _, project in sim.effects] == [
            ("add", SHOP_DEV), ("add", SHOP_PROD), ("delete", SHOP_DEV),
        ]  # fmt: skip


async def test_every_image_is_shared_with_every_project() -> None:
    """The bot packs pairs into rectangles and relies on many x many."""
    async with running(job_seconds=0) as sim:
        images = [sim.add_image(f"base-{number}") for number in range(3)]

        await Official(sim).share(images, [SHOP_DEV, SHOP_PROD])

        assert [sim.members(image) for image in images] == [{SHOP_DEV: "pending", SHOP_PROD: "pending"}] * 3


async def test_a_receiver_answers_with_its_own_key_only() -> None:
    """The owner's credentials get 403 on an accept, as in the field."""
    async with running(job_seconds=0) as sim:
        image, owner = sim.add_image("base"), Official(sim)
        ak, sk = sim.add_key(SHOP_DEV)
        receiver = Official(sim, ak=ak, sk=sk, project=SHOP_DEV)
        await owner.share([image], [SHOP_DEV])

        refused = await refusal(owner.answer([image], SHOP_DEV, "accepted"))
        await receiver.answer([image], SHOP_DEV, "accepted")

        assert refused == (403, "IMG.0026")
        assert sim.members(image) == {SHOP_DEV: "accepted"}
        assert [job.job_type for job in sim.jobs] == ["imsAddImageMembersJob", "imsUpdateImageMembersJob"]


async def test_the_native_member_calls_act_at_once() -> None:
    """Open Telekom Cloud's simplest path has no job."""
    async with running() as sim:
        image, client = sim.add_image("base"), Official(sim)
        body = sdk().GlanceAddImageMemberRequestBody(member=SHOP_DEV)

        added = await client.call("glance_add_image_member", image_id=image, body=body)
        listed = await client.call("glance_list_image_members", image_id=image)
        await client.call("glance_delete_image_member", image_id=image, member_id=SHOP_DEV)

        assert (added.status, added.member_id) == ("pending", SHOP_DEV)
        assert [member.member_id for member in listed.members] == [SHOP_DEV]
        assert sim.members(image) == {}
        assert sim.jobs == []
        gone = client.call("glance_delete_image_member", image_id=image, member_id=SHOP_DEV)
        assert await refusal(gone) == (404, "IMG.0113")


def _strays(raw: dict[str, Any], model: Any) -> list[str]:
    """Wire fields that the model does not name, or whose type is another than it says."""
    kinds: dict[str, Any] = {"str": str, "int": int, "bool": bool, "float": (int, float), "list": list}
    types = {model.attribute_map[name]: kind for name, kind in model.openapi_types.items()}
    wrong = [name for name in raw if name not in types]
    for name in set(raw) & set(types):
        kind: Callable[..., Any] | None = kinds.get(types[name].partition("[")[0])
        if raw[name] is not None and kind is not None and not isinstance(raw[name], kind):  # type: ignore[arg-type]
            wrong.append(name)
    return wrong


async def test_the_answers_fit_the_official_response_models() -> None:
    """The client drops what it does not know silently, so the shapes are compared from the raw side."""
    ims, open_door = sdk(), {"require_auth": False, "job_seconds": 0.0}
    async with running(**open_door) as sim:
        image = sim.add_image("base", encrypted=True, marketplace=True, tags=["env=dev"])
        sim.set_member(image, SHOP_DEV)
        base = sim.add_image("other")
        await plain(sim, "POST", "/v1/cloudimages/members", json={"images": [base], "projects": [SHOP_DEV]})
        job, project = sim.jobs[0].id, sim.project_id

        images = (await plain(sim, "GET", "/v2/cloudimages"))[2]
        members = (await plain(sim, "GET", f"/v1/{project}/cloudimages/{image}/members"))[2]
        progress = (await plain(sim, "GET", f"/v1/cloudimages/job/{job}"))[2]
        status = (await plain(sim, "GET", f"/v1/{project}/jobs/{job}"))[2]
        quota = (await plain(sim, "GET", "/v1/cloudimages/quota"))[2]

        assert [_strays(found, ims.ImageInfo) for found in images["images"]] == [[], []]
        assert _strays(members["members"][0], ims.ImageMember) == []
        assert _strays(members["page_info"], ims.GlancePageInfo) == []
        assert _strays(progress, ims.ShowJobProgressResponse) == []
        assert _strays(progress["entities"], ims.JobProgressEntities) == []
        assert _strays(status, ims.ShowJobResponse) == []
        assert _strays(status["entities"]["results"][0], ims.JobEntitiesResult) == []
        assert [_strays(row, ims.QuotaInfo) for row in quota["quotas"]["resources"]] == [[], [], []]


async def test_quota_counts_the_images_of_the_caller() -> None:
    """The doctor shows it."""
    async with running() as sim:
        sim.add_image("mine")
        sim.add_image("everybody's", public=True)

        quota = await Official(sim).call("show_image_quota")

        assert {row.type: row.used for row in quota.quotas.resources}["image"] == 1


async def test_long_member_lists_come_in_pages() -> None:
    """A read-back that stops at the first page would call shared members missing."""
    async with running() as sim:
        image, client = sim.add_image("base"), Official(sim)
        everyone = [f"{number:032x}" for number in range(1, 6)]
        for project in everyone:
            sim.set_member(image, project)

        found, marker = [], None
        for _ in range(3):
            fields: dict[str, str] = {"marker": marker} if marker else {}
            page = await client.call("list_image_members", image_id=image, limit=2, **fields)
            found += [member.member_id for member in page.members]
            marker = page.page_info.next_marker

        assert found == everyone
        assert marker is None
        bad = client.call("list_image_members", image_id=image, limit=1001)
        assert await refusal(bad) == (400, "IMG.0017")


async def test_the_last_page_may_carry_a_marker_and_page_info_may_be_a_list() -> None:
    """Both stand in the vendor's own examples; a client must not trip over either."""
    async with running(require_auth=False, marker_always=True, page_info_array=True) as sim:
        image = sim.add_image("base")
        sim.set_member(image, SHOP_DEV)
        path = f"/v1/{sim.project_id}/cloudimages/{image}/members"

        first = (await plain(sim, "GET", path))[2]
        marker = first["page_info"][0]["next_marker"]
        second = (await plain(sim, "GET", path, params={"marker": marker}))[2]

        assert first["page_info"][0]["current_count"] == 1
        assert (second["members"], second["page_info"]) == ([], [{"current_count": 0}])
