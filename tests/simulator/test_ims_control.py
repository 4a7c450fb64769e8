"""The simulator driven from another process, and its own memory."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.simulator.ims import SimIms
from bot.simulator.ims.faults import JOB_ENDINGS, JOB_READINGS, WIRE
from tests.simulator.test_ims_client import SHOP_DEV, SHOP_PROD, Official, plain, running


async def test_another_process_can_arrange_and_see_everything() -> None:
    """Crash tests and the demo live in other processes."""
    async with running(job_seconds=0) as sim:
        made = (await plain(sim, "POST", "/sim/add_image", json={"name": "base", "kind": "data"}))[2]
        image = made["result"]
        await plain(sim, "POST", "/sim/add_project", json={"id": "b" * 32})
        await Official(sim).share([image], [SHOP_DEV, "b" * 32])
        await plain(sim, "POST", "/sim/accept", json={"image": image, "project": SHOP_DEV})

        status, _, state = await plain(sim, "GET", "/sim/state")

        assert status == 200
        assert state["images"][0]["members"] == {SHOP_DEV: "accepted", "b" * 32: "pending"}
        assert [(job["kind"], job["state"]) for job in state["jobs"]] == [("add", "SUCCESS")]
        assert [effect["project"] for effect in state["effects"]] == [SHOP_DEV, "b" * 32]
        assert [call["path"] for call in state["calls"]] == ["/v1/cloudimages/members"]


async def test_another_process_can_order_trouble_and_clear_it() -> None:
    """Faults must reach a bot that runs elsewhere."""
    async with running(require_auth=False) as sim:
        for what in ("503", "500"):
            await plain(sim, "POST", "/sim/fault", json={"what": what, "match": "/quota"})
        waiting = (await plain(sim, "GET", "/sim/state"))[2]["faults"]
        spoilt = (await plain(sim, "GET", "/v1/cloudimages/quota"))[0]
        await plain(sim, "POST", "/sim/clear_faults")

        assert [fault["what"] for fault in waiting] == ["503", "500"]
        assert spoilt == 503
        assert (await plain(sim, "GET", "/v1/cloudimages/quota"))[0] == 200


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/sim/fault", {"what": "earthquake"}, 400),
        ("/sim/fault", {"how": "500"}, 400),
        ("/sim/set_switch", {"name": "colour", "value": 1}, 400),
        ("/sim/remove_image", {"id": "none"}, 400),
        ("/sim/accept", {"image": "none", "project": SHOP_DEV}, 400),
        ("/sim/destroy", {}, 404),
    ],
)
async def test_a_wrong_order_is_refused_with_its_reason(
    path: str, body: dict[str, object], status: int
) -> None:
    """A demo whose button does nothing is worse than none."""
    async with running() as sim:
        answered, _, answer = await plain(sim, "POST", path, json=body)

        assert answered == status
        assert answer["problem"]


async def test_a_switch_can_be_thrown_while_it_runs() -> None:
    """From here, and from elsewhere."""
    async with running(require_auth=False) as sim:
        await plain(sim, "POST", "/sim/set_switch", json={"name": "requests_per_second", "value": 0})
        throttled = (await plain(sim, "GET", "/v1/cloudimages/quota"))[0]
        sim.requests_per_second = None

        assert throttled == 429
        assert (await plain(sim, "GET", "/v1/cloudimages/quota"))[0] == 200


async def test_an_unknown_switch_is_named() -> None:
    """A misspelt switch would make a test pass for nothing."""
    with pytest.raises(TypeError, match="legacy_onyl"):
        SimIms(legacy_onyl=True)


async def test_every_call_is_remembered_as_it_came() -> None:
    """Fakes are asked what they received; a refused call was received too."""
    async with running() as sim:
        image, client = sim.add_image("base"), Official(sim)
        await client.share([image], [SHOP_DEV])
        await client.take_back([image], [SHOP_PROD])
        await client.call("list_images", name="base", limit=3)
        await plain(sim, "GET", "/v1/cloudimages/quota")

        assert [(call.method, call.status) for call in sim.calls] == [
            ("POST", 200), ("DELETE", 200), ("GET", 200), ("GET", 401),
        ]  # fmt: skip
        assert [call.body for call in sim.writes()] == [
            {"images": [image], "projects": [SHOP_DEV]}, {"images": [image], "projects": [SHOP_PROD]},
        ]  # fmt: skip
        assert sim.calls[2].query == {"name": "base", "limit": "3"}
        assert sim.calls[0].body == {"images": [image], "projects": [SHOP_DEV]}


async def test_it_can_stop_and_start_again_with_its_memory() -> None:
    """An outage of the cloud, in the middle of a job."""
    async with running(job_seconds=0) as sim:
        image = sim.add_image("base")
        await Official(sim).share([image], [SHOP_DEV])
        port = int(sim.url.rpartition(":")[2])

        await sim.stop()
        await sim.start(port)

        assert sim.url.endswith(f":{port}")
        assert (await Official(sim).call("list_image_members", image_id=image)).members[
            0
        ].member_id == SHOP_DEV


async def test_the_documentation_names_every_fault_and_every_order() -> None:
    """What cannot be found is not used."""
    text = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text(encoding="utf-8")
    part = text.partition("## Huawei Cloud IMS")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([a-z_0-9]+)", part))
    async with running() as sim:
        orders = (await plain(sim, "POST", "/sim/help"))[2]["problem"].removeprefix("actions: ").split(", ")

    derived = {name for name in WIRE if name.removesuffix("_after") in WIRE and name.endswith("_after")}
    assert (WIRE | JOB_ENDINGS | JOB_READINGS) - derived - named == set()
    assert set(orders) - named == set()
