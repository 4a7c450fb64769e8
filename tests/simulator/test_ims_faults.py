"""Every fault does what its name says, once, and nothing else."""

from __future__ import annotations

import asyncio
import importlib
from datetime import UTC, datetime

import aiohttp
import pytest

from tests.simulator.test_ims_client import SHOP_DEV, Official, plain, refusal, running, sdk

MEMBERS = "/v1/cloudimages/members"
QUOTA = "/v1/cloudimages/quota"


class _Still:
    """A clock that stands."""

    second = 0

    def __call__(self) -> datetime:
        return datetime(2026, 1, 15, 10, 11, self.second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("401", 401, "APIGW.0301"),
        ("403", 403, "IMG.0026"),
        ("429", 429, "APIGW.0308"),
        ("500", 500, "IMG.0061"),
        ("502", 502, "APIGW.0202"),
        ("503", 503, "APIGW.0613"),
        ("504", 504, "APIGW.0203"),
        ("refuse:IMG.0067", 400, "IMG.0067"),
        ("refuse:IMG.0060", 400, "IMG.0060"),
    ],
)
@pytest.mark.parametrize("done", [False, True])
async def test_an_error_is_answered_once_and_read_by_the_official_client(
    fault: str, status: int, code: str, done: bool
) -> None:
    """With `_after` the call was carried out all the same: an error of a write proves nothing."""
    name, colon, argument = fault.partition(":")
    async with running(job_seconds=0) as sim:
        image, client = sim.add_image("base"), Official(sim)
        sim.fault(name + ("_after" if done else "") + colon + argument)

        refused = await refusal(client.share([image], [SHOP_DEV]))

        assert refused == (status, code)
        assert sim.members(image) == ({SHOP_DEV: "pending"} if done else {})
        assert await client.share([image], [SHOP_DEV])
        assert [call.status for call in sim.writes()] == [status, 200]


async def test_retry_after_is_sent_only_when_ordered() -> None:
    """It is not documented for the real gateway."""
    async with running(require_auth=False) as sim:
        sim.fault("429", retry_after=7)
        sim.fault("429")

        first, second = [await plain(sim, "GET", QUOTA) for _ in range(2)]

        assert (first[0], first[1]["Retry-After"]) == (429, "7")
        assert (second[0], "Retry-After" in second[1]) == (429, False)


@pytest.mark.parametrize(("when", "members"), [("before", {}), ("after", {SHOP_DEV: "pending"})])
async def test_a_lost_answer_cuts_the_connection(when: str, members: dict[str, str]) -> None:
    """The heart of the bot's care: the caller cannot tell these two apart."""
    async with running(job_seconds=0) as sim:
        image = sim.add_image("base")
        sim.fault(f"lose_answer_{when}")

        errors = importlib.import_module("huaweicloudsdkcore.exceptions.exceptions")
        with pytest.raises(errors.ConnectionException):
            await Official(sim).share([image], [SHOP_DEV])

        assert sim.members(image) == members
        assert [call.status for call in sim.writes()] == [None]


@pytest.mark.parametrize(("when", "members"), [("before", {}), ("after", {SHOP_DEV: "pending"})])
async def test_a_hanging_call_is_never_answered(when: str, members: dict[str, str]) -> None:
    """The caller's own patience must end it; and stopping the simulator must not wait for it."""
    async with running(job_seconds=0, require_auth=False) as sim:
        image = sim.add_image("base")
        sim.fault(f"hang_{when}")
        body = {"images": [image], "projects": [SHOP_DEV]}

        hanging = asyncio.create_task(plain(sim, "POST", MEMBERS, json=body))
        while not sim.calls or sim.members(image) != members:
            await asyncio.sleep(0.005)

        assert (await plain(sim, "GET", QUOTA))[0] == 200
        assert not hanging.done()
        await sim.stop()
        with pytest.raises(aiohttp.ClientError):
            await hanging
        assert sim.members(image) == members


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        ("html", 200, "text/html"),
        ("html:502", 502, "text/html"),
        ("empty", 200, "application/octet-stream"),
    ],
)
async def test_an_answer_may_be_no_json_at_all(fault: str, status: int, kind: str) -> None:
    """Proxies answer too; the official client takes such a 200 for a success without a job id."""
    async with running(job_seconds=0, require_auth=False) as sim:
        image = sim.add_image("base")
        sim.fault(fault, times=1)

        async with (
            aiohttp.ClientSession() as session,
            session.post(sim.url + MEMBERS, json={"images": [image], "projects": [SHOP_DEV]}) as answer,
        ):
            text = await answer.text()

        assert (answer.status, answer.content_type) == (status, kind)
        assert text.startswith("<!DOCTYPE html>") or not text
        assert sim.jobs == []
        sim.fault("html")
        body = sdk().BatchAddMembersRequestBody(images=[image], projects=[SHOP_DEV])
        assert (await Official(sim).call("batch_add_members", body=body)).job_id is None


async def test_a_fault_waits_for_the_request_it_is_meant_for() -> None:
    """Otherwise a background poll would eat the trouble meant for a write."""
    async with running(require_auth=False) as sim:
        sim.fault("500", times=2, match="DELETE /v1/cloudimages/members")

        reads = [(await plain(sim, "GET", QUOTA))[0] for _ in range(2)]
        writes = [(await plain(sim, "DELETE", MEMBERS))[0] for _ in range(3)]

        assert (reads, writes) == ([200, 200], [500, 500, 400])


@pytest.mark.parametrize(
    ("fault", "state", "code", "members"),
    [
        ("job_fail_but_shared", "FAIL", "IMG.0112", {SHOP_DEV: "pending"}),
        ("job_success_but_missing", "SUCCESS", None, {}),
    ],
)
async def test_a_job_may_say_the_opposite_of_the_truth(
    fault: str, state: str, code: str | None, members: dict[str, str]
) -> None:
    """Only the read-back may decide."""
    async with running(job_seconds=0) as sim:
        image, client = sim.add_image("base"), Official(sim)
        sim.fault(fault)

        status = await client.call("show_job", job_id=await client.share([image], [SHOP_DEV]))

        assert (status.status, status.error_code) == (state, code)
        assert [row.status for row in status.entities.results] == ["failed" if code else "success"]
        assert sim.members(image) == members


async def test_a_job_that_never_ends_runs_and_changes_nothing() -> None:
    """The bot must give up in words, not wait for good."""
    async with running(job_seconds=0) as sim:
        image, client = sim.add_image("base"), Official(sim)
        sim.fault("job_never_ends")

        never, usual = await client.share([image], [SHOP_DEV]), await client.share([image], [SHOP_DEV])

        assert (await client.state(never), await client.state(usual)) == ("RUNNING", "SUCCESS")
        assert [effect.what for effect in sim.effects] == ["add"]


async def test_an_absent_job_is_back_once_the_fault_is_used_up() -> None:
    """A look at the job is spoilt, not the job."""
    async with running(job_seconds=0) as sim:
        client = Official(sim)
        sim.fault("job_absent")
        job = await client.share([sim.add_image("base")], [SHOP_DEV])

        assert await refusal(client.state(job)) == (404, "IMG.0023")
        assert await client.state(job) == "SUCCESS"


async def test_the_flow_quota_answers_429_until_the_second_is_over() -> None:
    """The shared limiter of the bot is measured against it."""
    clock = _Still()
    async with running(require_auth=False, clock=clock, requests_per_second=2) as sim:
        within = [await plain(sim, "GET", QUOTA) for _ in range(3)]
        clock.second += 1
        later = await plain(sim, "GET", QUOTA)

        assert [status for status, _, _ in within] == [200, 200, 429]
        assert within[2][2]["error_code"] == "APIGW.0308"
        assert "limit:2,time:1 second" in within[2][2]["error_msg"]
        assert later[0] == 200


async def test_a_fault_that_does_not_exist_is_named_at_once() -> None:
    """A misspelt fault would make a test pass for nothing."""
    async with running() as sim:
        for wrong in ("50", "refuse", "lose_answer"):
            with pytest.raises(ValueError, match="there are"):
                sim.fault(wrong)
