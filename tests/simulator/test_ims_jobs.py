"""Asynchronous jobs: when what happens, and what the two endpoints say of it."""

from __future__ import annotations

import pytest

from tests.simulator.test_ims_client import (
    SHOP_DEV,
    SHOP_PROD,
    Official,
    ShiftedClock,
    plain,
    refusal,
    running,
)


async def test_a_job_waits_then_runs_then_succeeds() -> None:
    """A poller must meet every state."""
    clock = ShiftedClock()
    async with running(clock=clock, job_seconds=100) as sim:
        client = Official(sim)
        job = await client.share([sim.add_image("base")], [SHOP_DEV])

        states = [await client.state(job)]
        for seconds in (30, 60, 11):
            clock.advance(seconds)
            states.append(await client.state(job))

        assert states == ["INIT", "RUNNING", "RUNNING", "SUCCESS"]


async def test_nothing_is_shared_before_the_job_ends() -> None:
    """A read in the middle sees nothing yet: that is why the bot asks for the job first."""
    clock = ShiftedClock()
    async with running(clock=clock, job_seconds=100) as sim:
        image, client = sim.add_image("base"), Official(sim)
        await client.share([image], [SHOP_DEV, SHOP_PROD])
        clock.advance(90)

        before = await client.call("list_image_members", image_id=image)
        clock.advance(11)
        after = await client.call("list_image_members", image_id=image)

        assert (before.members, [member.member_id for member in after.members]) == ([], [SHOP_DEV, SHOP_PROD])
        assert sim.effects[0].at == sim.jobs[0].end == sim.jobs[0].due


async def test_a_progressive_job_shares_one_pair_after_the_other() -> None:
    """The other plausible service: a read in the middle sees half."""
    clock = ShiftedClock()
    async with running(clock=clock, job_seconds=100, progressive=True) as sim:
        image, client = sim.add_image("base"), Official(sim)
        job = await client.share([image], [SHOP_DEV, SHOP_PROD])
        clock.advance(60)

        progress = await client.call("show_job_progress", job_id=job)

        assert (progress.status, progress.entities.process_percent) == ("RUNNING", 0.5)
        assert sim.members(image) == {SHOP_DEV: "pending"}


async def test_jobs_take_effect_in_the_order_of_their_ends() -> None:
    """A quick delete after a slow add leaves the pair shared."""
    clock, seconds = ShiftedClock(), {"add": 100.0, "delete": 10.0}
    async with running(clock=clock, job_seconds=seconds.__getitem__) as sim:
        image, client = sim.add_image("base"), Official(sim)
        await client.share([image], [SHOP_DEV])
        await client.take_back([image], [SHOP_DEV])

        clock.advance(101)

        assert sim.members(image) == {SHOP_DEV: "pending"}
        assert [effect.what for effect in sim.redundant] == ["delete"]


async def test_a_pair_made_to_fail_fails_its_job_and_no_other_pair() -> None:
    """FAIL may still have shared the rest."""
    async with running(job_seconds=0) as sim:
        images, client = [sim.add_image("one"), sim.add_image("two")], Official(sim)
        sim.fail_pair(images[0], SHOP_PROD, times=1)

        job = await client.share(images, [SHOP_DEV, SHOP_PROD])
        status = await client.call("show_job", job_id=job)

        assert (status.status, status.error_code, status.fail_reason) == (
            "FAIL", "IMG.0112", "Failed to add the tenant.",
        )  # fmt: skip
        assert [(row.image_id, row.status) for row in status.entities.results] == [
            (images[0], "failed"), (images[1], "success"),
        ]  # fmt: skip
        assert sim.jobs[0].results[(images[0], SHOP_PROD)] == "IMG.0112"
        assert sim.members(images[0]) == {SHOP_DEV: "pending"}
        assert sim.members(images[1]) == {SHOP_DEV: "pending", SHOP_PROD: "pending"}
        await client.share([images[0]], [SHOP_PROD])
        assert sim.jobs[1].state == "SUCCESS"


async def test_a_lying_job_claims_the_failed_pair_too() -> None:
    """SUCCESS is no proof: only the member list is."""
    async with running(job_seconds=0) as sim:
        image, client = sim.add_image("base"), Official(sim)
        sim.fail_pair(image, SHOP_PROD, lie=True)

        job = await client.share([image], [SHOP_DEV, SHOP_PROD])
        status = await client.call("show_job", job_id=job)

        assert (status.status, status.error_code) == ("SUCCESS", None)
        assert [row.status for row in status.entities.results] == ["success"]
        assert sim.members(image) == {SHOP_DEV: "pending"}


async def test_what_cannot_be_shared_may_be_found_by_the_job_only() -> None:
    """Whether IMS says so at once or later is not documented."""
    async with running(job_seconds=0, late_checks=True) as sim:
        image, locked, client = sim.add_image("base"), sim.add_image("locked", encrypted=True), Official(sim)

        await client.share([image, locked], [SHOP_DEV])

        assert (sim.jobs[0].state, sim.jobs[0].error_code) == ("FAIL", "IMG.0098")
        assert (sim.members(image), sim.members(locked)) == ({SHOP_DEV: "pending"}, {})


async def test_an_image_deleted_meanwhile_fails_its_job() -> None:
    """Between the approval and the end of the job a lot can happen."""
    clock = ShiftedClock()
    async with running(clock=clock) as sim:
        image, client = sim.add_image("base"), Official(sim)
        job = await client.share([image], [SHOP_DEV])
        sim.remove_image(image)
        clock.advance(2)

        assert (await client.call("show_job_progress", job_id=job)).error_code == "IMG.0027"


@pytest.mark.parametrize(
    ("switch", "gone", "there"),
    [
        ("legacy_only", "show_job_progress", "show_job"),
        ("current_only", "show_job", "show_job_progress"),
    ],
)
async def test_a_cloud_may_have_only_one_of_the_two_job_endpoints(switch: str, gone: str, there: str) -> None:
    """Open Telekom Cloud documents only the deprecated one, Huawei Cloud recommends the other."""
    async with running(**{switch: True}) as sim:
        client = Official(sim)
        job = await client.share([sim.add_image("base")], [SHOP_DEV])

        assert await refusal(client.call(gone, job_id=job)) == (404, "APIGW.0101")
        assert (await client.call(there, job_id=job)).job_id == job


@pytest.mark.parametrize("status", [404, 400])
async def test_an_unknown_job_is_refused(status: int) -> None:
    """The real status is unknown; both are possible."""
    async with running(absent_job_status=status) as sim:
        assert await refusal(Official(sim).state("0" * 32)) == (status, "IMG.0023")


async def test_nobody_sees_the_job_of_another_project() -> None:
    """A job id is no secret."""
    async with running() as sim:
        job = await Official(sim).share([sim.add_image("base")], [SHOP_DEV])
        ak, sk = sim.add_key(SHOP_DEV)

        assert await refusal(Official(sim, ak=ak, sk=sk, project=SHOP_DEV).state(job)) == (404, "IMG.0023")


async def test_results_stand_where_the_switches_put_them() -> None:
    """By default an entry an image, on the deprecated endpoint only, and none for a delete."""
    async with running(job_seconds=0, require_auth=False) as sim:
        image = sim.add_image("base")
        body = {"images": [image], "projects": [SHOP_DEV, SHOP_PROD]}
        await plain(sim, "POST", "/v1/cloudimages/members", json=body)
        current = f"/v1/cloudimages/job/{sim.jobs[0].id}"

        default = (await plain(sim, "GET", current))[2]
        sim.results_in_progress = sim.results_with_project = True
        switched = (await plain(sim, "GET", current))[2]

        assert "results" not in default["entities"]
        assert switched["entities"]["results"] == [
            {"image_id": image, "project_id": project, "status": "success"}
            for project in (SHOP_DEV, SHOP_PROD)
        ]
        assert (switched["error_code"], switched["fail_reason"]) == (None, None)
