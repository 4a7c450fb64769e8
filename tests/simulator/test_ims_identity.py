"""Tokens: how one is got, what it opens, and when it stops."""

from __future__ import annotations

from typing import Any

import pytest

from bot.simulator.ims import SimIms
from tests.simulator.test_ims_client import ShiftedClock, plain, running

TOKENS = "/v3/auth/tokens"
QUOTA = "/v1/cloudimages/quota"


def _asked(*, password: str = "password", account: str = "ACCOUNT", scope: Any = None) -> dict[str, Any]:
    user = {"domain": {"name": account}, "name": "user", "password": password}
    auth: dict[str, Any] = {"identity": {"methods": ["password"], "password": {"user": user}}}
    return {"auth": auth | ({"scope": scope} if scope is not None else {})}


async def _token(sim: SimIms, **more: Any) -> str:
    scope = {"project": {"id": sim.project_id}}
    status, headers, _ = await plain(sim, "POST", TOKENS, json=_asked(**({"scope": scope} | more)))
    assert status == 201
    return str(headers["X-Subject-Token"])


async def _open(sim: SimIms, token: str) -> tuple[int, Any]:
    status, _, body = await plain(sim, "GET", QUOTA, headers={"X-Auth-Token": token})
    return status, body


@pytest.mark.parametrize("by", ["id", "name"])
async def test_a_token_scoped_to_the_project_opens_ims(by: str) -> None:
    """By id or by name: both are how people configure OpenStack clients."""
    async with running() as sim:
        scope = {"project": {"id": sim.project_id} if by == "id" else {"name": sim.region}}

        status, headers, body = await plain(
            sim, "POST", TOKENS, params={"nocatalog": "true"}, json=_asked(scope=scope)
        )

        assert status == 201
        assert body["token"]["project"]["id"] == sim.project_id
        assert body["token"]["expires_at"].endswith("Z")
        assert "catalog" not in body["token"]
        assert (await _open(sim, headers["X-Subject-Token"]))[0] == 200


@pytest.mark.parametrize(
    ("body", "status", "title"),
    [
        (_asked(password="wrong"), 401, "Unauthorized"),
        (_asked(account="OTHER"), 401, "Unauthorized"),
        (_asked(scope={"project": {"name": "cn-north-4"}}), 404, "Not Found"),
        (_asked(scope={"project": {"id": "a" * 32}}), 404, "Not Found"),
        (_asked(scope={"project": {}}), 400, "Bad Request"),
        ({"auth": {"identity": {"methods": ["token"]}}}, 401, "Unauthorized"),
        ({"auth": {}}, 400, "Bad Request"),
        ([], 400, "Bad Request"),
    ],
)
async def test_a_token_is_refused_in_keystones_shape(body: Any, status: int, title: str) -> None:
    """Its code is a number; a client that expects text stumbles."""
    async with running() as sim:
        answered, _, answer = await plain(sim, "POST", TOKENS, json=body)

        assert answered == status
        assert (answer["error"]["code"], answer["error"]["title"]) == (status, title)
        assert answer["error"]["message"]


async def test_wrong_passwords_lock_the_user() -> None:
    """As with keys: guessing must cost."""
    clock = ShiftedClock()
    async with running(clock=clock) as sim:
        for _ in range(6):
            await plain(sim, "POST", TOKENS, json=_asked(password="wrong"))

        locked = (await plain(sim, "POST", TOKENS, json=_asked()))[2]
        clock.advance(301)

        assert locked["error"]["message"] == "The account is locked."
        assert await _token(sim)


async def test_a_token_expires() -> None:
    """A bot that runs for weeks gets a new one in time, or after the 401."""
    clock = ShiftedClock()
    async with running(clock=clock, token_seconds=60) as sim:
        token = await _token(sim)

        fresh = (await _open(sim, token))[0]
        clock.advance(61)
        status, body = await _open(sim, token)

        assert (fresh, status, body["error_code"]) == (200, 401, "APIGW.0301")
        assert "token expires" in body["error_msg"]


async def test_all_tokens_can_be_ended_at_once_and_new_ones_work() -> None:
    """What a changed password does."""
    async with running() as sim:
        old = await _token(sim)
        sim.expire_tokens()

        assert (await _open(sim, old))[0] == 401
        assert (await _open(sim, await _token(sim)))[0] == 200


@pytest.mark.parametrize("scope", [None, {"domain": {"name": "ACCOUNT"}}])
async def test_a_token_without_a_project_opens_nothing(scope: Any) -> None:
    """IMS is project-level; the mistake must show."""
    async with running() as sim:
        status, headers, _ = await plain(sim, "POST", TOKENS, json=_asked(scope=scope))

        refused, body = await _open(sim, headers["X-Subject-Token"])

        assert (status, refused, body["error"]["code"]) == (201, 400, "IMG.0030")


async def test_no_password_is_kept_among_the_calls() -> None:
    """The calls are shown over HTTP and printed by failing tests."""
    async with running() as sim:
        await _token(sim)

        assert sim.calls[0].path == TOKENS
        assert sim.calls[0].body["auth"]["identity"]["password"]["user"] == {
            "domain": {"name": "ACCOUNT"}, "name": "user", "password": "***",
        }  # fmt: skip
