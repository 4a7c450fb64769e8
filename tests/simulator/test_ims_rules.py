"""What may be shared with whom: every refusal as the official client reads it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.test_ims_client import (
    SHOP_DEV,
    SHOP_PROD,
    UNKNOWN_IMAGE,
    UNKNOWN_PROJECT,
    Official,
    ShiftedClock,
    plain,
    refusal,
    running,
)

MEMBERS = "/v1/cloudimages/members"


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"encrypted": True}, "IMG.0098"),
        ({"marketplace": True}, "IMG.0107"),
        ({"public": True}, "IMG.0089"),
        ({"os": "Windows Server 2022"}, "IMG.0105"),
        ({"status": "saving"}, "IMG.0046"),
        ({"owner": SHOP_PROD}, "IMG.0047"),
    ],
)
async def test_an_image_that_cannot_be_shared_is_refused(facts: dict[str, Any], code: str) -> None:
    """The bot explains these codes to people."""
    async with running() as sim:
        image = sim.add_image("base", **facts)

        assert await refusal(Official(sim).share([image], [SHOP_DEV])) == (400, code)
        assert sim.jobs == []


@pytest.mark.parametrize(
    ("images", "projects", "code"),
    [
        (["d164b5df;0b680482"], [SHOP_DEV], "IMG.0066"),
        ([UNKNOWN_IMAGE], [SHOP_DEV], "IMG.0027"),
        (None, [UNKNOWN_PROJECT], "IMG.0108"),
        (None, ["shop-dev"], "IMG.0067"),
        (None, [SHOP_DEV, UNKNOWN_PROJECT], "IMG.0108"),
        (None, [], "IMG.0001"),
        ([], [SHOP_DEV], "IMG.0001"),
    ],
)
async def test_ids_are_checked_before_a_job_is_made(
    images: list[str] | None, projects: list[str], code: str
) -> None:
    """One bad id refuses the whole rectangle; the bot must then split it."""
    async with running() as sim:
        image = sim.add_image("base")

        assert await refusal(Official(sim).share([image] if images is None else images, projects)) == (
            400,
            code,
        )
        assert sim.jobs == []


async def test_an_image_cannot_be_shared_with_its_own_project() -> None:
    """IMG.0076."""
    async with running() as sim:
        image = sim.add_image("base")

        assert await refusal(Official(sim).share([image], [sim.project_id])) == (400, "IMG.0076")


async def test_a_project_of_another_region_is_as_good_as_unknown() -> None:
    """Sharing stays within a region."""
    async with running() as sim:
        image = sim.add_image("base")
        sim.add_project("b" * 32, region="cn-north-4")

        assert await refusal(Official(sim).share([image], ["b" * 32])) == (400, "IMG.0108")


@pytest.mark.parametrize(("kind", "limit"), [("system", 256), ("data", 256), ("full-ecs", 10)])
async def test_an_image_has_a_limited_number_of_tenants(kind: Any, limit: int) -> None:
    """Full-ECS images are the narrow ones."""
    async with running(job_seconds=0) as sim:
        image = sim.add_image("base", kind=kind)
        everyone = [f"{number:032x}" for number in range(1, limit + 1)]
        for project in everyone:
            sim.add_project(project)

        await Official(sim).share([image], everyone)

        assert len(sim.members(image)) == limit
        assert await refusal(Official(sim).share([image], [SHOP_DEV])) == (400, "IMG.0088")


async def test_two_jobs_at_once_cannot_pass_the_limit_together() -> None:
    """The call's check is not the last word: the job checks again."""
    clock = ShiftedClock()
    async with running(clock=clock, tenant_limit=1) as sim:
        image, client = sim.add_image("base"), Official(sim)

        await client.share([image], [SHOP_DEV])
        await client.share([image], [SHOP_PROD])
        clock.advance(2)

        assert [(job.state, job.error_code) for job in sim.jobs] == [("SUCCESS", ""), ("FAIL", "IMG.0088")]
        assert sim.members(image) == {SHOP_DEV: "pending"}


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (b"", {"Content-Type": "application/json"}, "IMG.0007"),
        (b"{", {"Content-Type": "application/json"}, "IMG.0001"),
        (b"[]", {"Content-Type": "application/json"}, "IMG.0001"),
        (b'{"images": "x", "projects": []}', {"Content-Type": "application/json"}, "IMG.0001"),
        (b'{"images": [1], "projects": [2]}', {"Content-Type": "application/json"}, "IMG.0001"),
        (b'{"images": ["x"], "project": ["y"]}', {"Content-Type": "application/json"}, "IMG.0001"),
        (b'{"images": ["x"], "projects": ["y"]}', {"Content-Type": "text/plain"}, "IMG.0001"),
    ],
)
async def test_a_body_not_of_the_documented_form_is_refused(
    body: bytes, headers: dict[str, str], code: str
) -> None:
    """A lenient fake would hide a client's slip."""
    async with running(require_auth=False) as sim:
        status, _, answer = await plain(sim, "POST", MEMBERS, data=body, headers=headers)

        assert (status, answer["error"]["code"]) == (400, code)


async def test_whole_accounts_are_refused_and_not_ignored() -> None:
    """The simulator knows projects only; it must not pretend."""
    async with running(require_auth=False) as sim:
        image = sim.add_image("base")
        body = {"images": [image], "projects": [SHOP_DEV], "domains": ["a" * 32]}

        status, _, answer = await plain(sim, "POST", MEMBERS, json=body)

        assert (status, answer["error"]["code"]) == (400, "IMG.0105")


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/nowhere"), ("PATCH", MEMBERS), ("GET", "/")])
async def test_an_unpublished_address_is_refused_by_the_gateway(method: str, path: str) -> None:
    """That is what a wrong endpoint looks like."""
    async with running() as sim:
        status, headers, body = await plain(sim, method, path)

        assert (status, body["error_code"]) == (404, "APIGW.0101")
        assert body["request_id"] == headers["X-Request-Id"]


async def test_adding_a_member_again_changes_nothing_but_is_counted() -> None:
    """Proves that a client did, or did not, share twice."""
    async with running(job_seconds=0) as sim:
        image, client = sim.add_image("base"), Official(sim)
        await client.share([image], [SHOP_DEV])
        sim.accept(SHOP_DEV, image)

        await client.share([image], [SHOP_DEV])

        assert sim.members(image) == {SHOP_DEV: "accepted"}
        assert [effect.what for effect in sim.effects] == ["add"]
        assert [effect.what for effect in sim.redundant] == ["add"]
        assert sim.jobs[-1].state == "SUCCESS"


async def test_a_rejected_member_is_asked_again() -> None:
    """The vendor's advice to a receiver who rejected is to ask the owner to share again."""
    async with running(job_seconds=0) as sim:
        image, client = sim.add_image("base"), Official(sim)
        await client.share([image], [SHOP_DEV])
        sim.reject(SHOP_DEV, image)

        await client.share([image], [SHOP_DEV])

        assert sim.members(image) == {SHOP_DEV: "pending"}
        assert [effect.what for effect in sim.effects] == ["add", "add"]


async def test_re_adding_and_re_deleting_can_be_made_to_fail() -> None:
    """Neither is documented, so a client must live with both."""
    async with running(job_seconds=0, existing_member="refuse", missing_member="fail") as sim:
        image, client = sim.add_image("base"), Official(sim)
        sim.set_member(image, SHOP_DEV)

        await client.share([image], [SHOP_DEV])
        await client.take_back([image], [SHOP_PROD])

        assert [(job.state, job.error_code) for job in sim.jobs] == [
            ("FAIL", "IMG.0112"),
            ("FAIL", "IMG.0113"),
        ]


async def test_the_console_works_behind_the_bots_back() -> None:
    """Drift must be arranged without leaving a trace among the effects."""
    async with running() as sim:
        image = sim.add_image("base")
        sim.set_member(image, SHOP_DEV, "accepted")
        sim.set_member(image, SHOP_PROD)

        sim.drop_member(image, SHOP_DEV)

        assert sim.members(image) == {SHOP_PROD: "pending"}
        assert sim.effects == []
        sim.remove_image(image)
        assert await refusal(Official(sim).share([image], [SHOP_DEV])) == (400, "IMG.0027")


async def test_only_the_owner_sees_all_members() -> None:
    """A receiver sees itself, a stranger nothing."""
    async with running() as sim:
        image = sim.add_image("base")
        for project in (SHOP_DEV, SHOP_PROD):
            sim.set_member(image, project)
        ak, sk = sim.add_key(SHOP_DEV)
        other_ak, other_sk = sim.add_key("b" * 32)
        receiver = Official(sim, ak=ak, sk=sk, project=SHOP_DEV)
        stranger = Official(sim, ak=other_ak, sk=other_sk, project="b" * 32)

        seen = await receiver.call("list_image_members", image_id=image)

        assert [member.member_id for member in seen.members] == [SHOP_DEV]
        assert await refusal(stranger.call("list_image_members", image_id=image)) == (400, "IMG.0027")
        missing = Official(sim).call("show_image_member", image_id=image, member_id=UNKNOWN_PROJECT)
        assert await refusal(missing) == (404, "IMG.0114")
