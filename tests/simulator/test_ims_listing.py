"""GET /v2/cloudimages: which images a query finds, and what it says of each."""

from __future__ import annotations

from typing import Any

import pytest

from bot.simulator.ims import SimIms
from tests.simulator.test_ims_client import SHOP_DEV, Official, ShiftedClock, plain, refusal, running


async def _found(sim: SimIms, **query: str) -> list[str]:
    return [image["name"] for image in await _images(sim, **query)]


async def _images(sim: SimIms, **query: str) -> list[dict[str, Any]]:
    status, _, body = await plain(sim, "GET", "/v2/cloudimages", params=query)
    assert status == 200, body
    return list(body["images"])


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["ecs", "disk", "gold", "base"]),
        ({"name": "base"}, ["base"]),
        ({"name": "bas"}, []),
        ({"__imagetype": "gold"}, ["gold"]),
        ({"__imagetype": "private"}, ["ecs", "disk"]),
        ({"__imagetype": "shared"}, ["base"]),
        ({"visibility": "public"}, ["gold"]),
        ({"status": "saving"}, ["disk"]),
        ({"__whole_image": "true"}, ["ecs"]),
        ({"virtual_env_type": "DataImage"}, ["disk"]),
        ({"protected": "false", "sort_key": "name", "sort_dir": "asc"}, ["base", "disk", "ecs"]),
        ({"tag": "env=dev"}, ["base"]),
        ({"enterprise_project_id": "ep-1"}, ["hidden", "gold"]),
        ({"enterprise_project_id": "all_granted_eps", "name": "hidden"}, ["hidden"]),
        ({"__isregistered": "false"}, []),
        ({"created_at": "lt:2026-01-15T00:00:00Z"}, []),
    ],
)
async def test_a_query_finds(query: dict[str, str], names: list[str]) -> None:
    """Name look-up, suggestions and `owner` filters of the bot rest on this."""
    clock = ShiftedClock()
    async with running(require_auth=False, clock=clock) as sim:
        shared = sim.add_image("base", tags=["env=dev"])
        sim.set_member(shared, SHOP_DEV)
        others: dict[str, dict[str, Any]] = {
            "gold": {"public": True},
            "disk": {"kind": "data", "status": "saving"},
            "ecs": {"kind": "full-ecs"},
            "hidden": {"enterprise_project_id": "ep-1"},
        }
        for name, facts in others.items():
            clock.advance(1)
            sim.add_image(name, **facts)

        assert await _found(sim, **query) == names


async def test_an_image_is_found_by_id_in_any_enterprise_project() -> None:
    """An id that a person pasted must not be lost to a default filter."""
    async with running(require_auth=False) as sim:
        hidden = sim.add_image("hidden", enterprise_project_id="ep-1")

        assert await _found(sim) == []
        assert await _found(sim, id=hidden) == ["hidden"]
        assert await _found(sim, owner=sim.project_id, enterprise_project_id="all_granted_eps") == ["hidden"]


async def test_sharing_turns_a_private_image_into_a_shared_one_for_its_owner_too() -> None:
    """Terraform's acceptance test relies on it; so `__imagetype` alone does not tell whose it is."""
    async with running(require_auth=False) as sim:
        image = sim.add_image("base")

        types = [(await _images(sim))[0]["__imagetype"]]
        sim.set_member(image, SHOP_DEV)
        types.append((await _images(sim))[0]["__imagetype"])
        sim.drop_member(image, SHOP_DEV)
        types.append((await _images(sim))[0]["__imagetype"])

        assert types == ["private", "shared", "private"]


@pytest.mark.parametrize("status", ["pending", "accepted", "rejected"])
async def test_a_receiver_finds_what_is_shared_with_it_by_its_answer(status: str) -> None:
    """Only accepted images stand in its ordinary list."""
    async with running() as sim:
        sim.set_member(sim.add_image("base"), SHOP_DEV, status)
        ak, sk = sim.add_key(SHOP_DEV)
        receiver = Official(sim, ak=ak, sk=sk, project=SHOP_DEV)

        usual = await receiver.call("list_images")
        asked = await receiver.call(
            "list_images", member_status=status, visibility="shared", imagetype="shared"
        )

        assert [image.name for image in usual.images] == (["base"] if status == "accepted" else [])
        assert [image.name for image in asked.images] == ["base"]


async def test_pages_follow_the_last_image_id() -> None:
    """All names, for suggestions, need all pages."""
    clock = ShiftedClock()
    async with running(require_auth=False, clock=clock) as sim:
        for number in range(5):
            clock.advance(1)
            sim.add_image(f"base-{number}")

        first = await _images(sim, limit="3", sort_dir="asc")
        second = await _images(sim, limit="3", sort_dir="asc", marker=first[-1]["id"])

        assert [image["name"] for image in first + second] == [f"base-{number}" for number in range(5)]


async def test_the_facts_a_policy_asks_for_stand_in_the_answer() -> None:
    """Full-ECS, encrypted, marketplace and Windows images are told by these fields alone."""
    async with running(require_auth=False) as sim:
        sim.add_image("full", kind="full-ecs", encrypted=True, marketplace=True, os="Windows Server 2022")
        sim.add_image("plain")

        plain_one, full = sorted(await _images(sim), key=lambda image: -len(image["name"]))

        assert (full["__whole_image"], full["__os_type"], full["__platform"]) == (
            "true",
            "Windows",
            "Windows",
        )
        assert full["__system__cmkid"]
        assert full["__productcode"]
        assert not {"__whole_image", "__system__cmkid", "__productcode"} & set(plain_one)
        assert plain_one["__os_version"] == "Ubuntu 24.04 server 64bit"


async def test_a_field_can_be_put_in_or_taken_away() -> None:
    """A fact that cannot be read must be arranged for the policy's third truth value."""
    async with running(require_auth=False) as sim:
        image = sim.add_image("base", extra={"__os_type": None, "__support_arm": "true"})
        first = (await _images(sim))[0]
        sim.edit_image(image, name="base-2", extra={})

        assert ("__os_type" in first, first["__support_arm"]) == (False, "true")
        assert (await _images(sim))[0]["name"] == "base-2"
        with pytest.raises(AttributeError, match="colour"):
            sim.edit_image(image, colour="red")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"nmae": "base"}, "IMG.0017"),
        ({"__imagetype": "mine"}, "IMG.0024"),
        ({"status": "ACTIVE"}, "IMG.0017"),
        ({"limit": "0"}, "IMG.0017"),
        ({"limit": "many"}, "IMG.0017"),
        ({"marker": "nobody"}, "IMG.0017"),
        ({"member_status": "pending"}, "IMG.0017"),
        ({"created_at": "yesterday"}, "IMG.0017"),
        ([("name", "a"), ("name", "b")], "IMG.0017"),
    ],
)
async def test_a_query_it_does_not_understand_is_refused(query: Any, code: str) -> None:
    """A filter silently ignored would show somebody else's images."""
    async with running(require_auth=False) as sim:
        status, _, body = await plain(sim, "GET", "/v2/cloudimages", params=query)

        assert (status, body["error"]["code"]) == (400, code)


async def test_the_official_client_signs_odd_names_as_the_gateway_reads_them() -> None:
    """Blanks, slashes and accents in a query break careless signers."""
    async with running() as sim:
        sim.add_image("web 01/é~+&=")

        images = await Official(sim).call("list_images", name="web 01/é~+&=")

        assert [image.name for image in images.images] == ["web 01/é~+&="]
        assert await refusal(Official(sim).call("list_images", limit=5000)) == (400, "IMG.0017")
