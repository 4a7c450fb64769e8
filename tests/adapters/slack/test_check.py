"""The doctor's findings on Slack: each trouble is named with what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.check import check_slack, own_identity
from bot.adapters.slack.client import slack_client
from bot.domain.errors import ChatAuthError
from bot.simulator.slack import SimSlack
from tests.adapters.slack.stage import LEADS, OPS


@pytest.fixture
async def client(sim: SimSlack) -> AsyncIterator[AsyncWebClient]:
    async with slack_client(sim.bot_token, api_url=sim.api_url) as one:
        yield one


def sentences(findings: list[tuple[str, str]], level: str) -> str:
    return "\n".join(text for kind, text in findings if kind == level)


async def test_a_good_installation_has_no_error(sim: SimSlack, client: AsyncWebClient) -> None:
    """Else nobody would believe the errors."""
    found = await check_slack(client, app_token=sim.app_token, usergroups={"leads": LEADS})

    assert {level for level, _ in found} == {"ok"}
    assert "1 member" in sentences(found, "ok")


async def test_a_refused_token_is_the_first_and_only_finding(sim: SimSlack) -> None:
    """All else would only repeat it."""
    async with slack_client("xoxb-wrong", api_url=sim.api_url) as client:
        found = await check_slack(client, usergroups={"leads": LEADS}, channels=[OPS])

    assert len(found) == 1
    assert found[0][0] == "error"
    assert "invalid_auth" in found[0][1]


async def test_a_missing_scope_is_named_with_its_use(sim: SimSlack, client: AsyncWebClient) -> None:
    """The operator must see what would not work."""
    sim.set_scopes("commands", "chat:write", "users:read")
    found = await check_slack(client)

    assert "usergroups:read" in sentences(found, "error")
    assert "groups" in sentences(found, "error")


async def test_a_scope_too_many_is_a_warning(sim: SimSlack, client: AsyncWebClient) -> None:
    """Least privilege."""
    sim.set_scopes("commands", "chat:write", "users:read", "usergroups:read", "files:read")
    found = await check_slack(client)

    assert "files:read" in sentences(found, "warning")


async def test_an_unknown_group_is_an_error_and_an_empty_one_a_warning(
    sim: SimSlack, client: AsyncWebClient
) -> None:
    """Both mean that nobody can approve."""
    sim.add_usergroup("S0NONE", "none", [])
    found = await check_slack(client, usergroups={"typo": "S0TYPO", "empty": "S0NONE"})

    assert "typo (S0TYPO)" in sentences(found, "error")
    assert "empty (S0NONE)" in sentences(found, "warning")


async def test_a_channel_that_cannot_be_checked_says_so(sim: SimSlack, client: AsyncWebClient) -> None:
    """The scope for it is not worth asking for."""
    found = await check_slack(client, channels=[OPS])

    assert "cannot be checked" in sentences(found, "warning")


async def test_with_the_scope_a_channel_without_the_bot_is_an_error(
    sim: SimSlack, client: AsyncWebClient
) -> None:
    """Cards would go nowhere."""
    sim.set_scopes("commands", "chat:write", "users:read", "usergroups:read", "channels:read")
    sim.kick_bot(OPS)
    found = await check_slack(client, channels=[OPS, "C0TYPO"])

    assert "/invite" in sentences(found, "error")
    assert "C0TYPO" in sentences(found, "error")


async def test_a_refused_app_token_is_an_error(sim: SimSlack, client: AsyncWebClient) -> None:
    """Socket Mode would not start."""
    found = await check_slack(client, app_token="xapp-wrong")

    assert "connections:write" in sentences(found, "error")


async def test_the_bots_own_identity_is_read_or_refused(sim: SimSlack, client: AsyncWebClient) -> None:
    """The bot's workspace decides who is foreign."""
    assert (await own_identity(client))["team_id"] == "T0OWN"
    async with slack_client("xoxb-wrong", api_url=sim.api_url) as wrong:
        with pytest.raises(ChatAuthError):
            await own_identity(wrong)


async def test_whether_lost_messages_can_be_looked_for_is_said(sim: SimSlack, client: AsyncWebClient) -> None:
    """Optional: without the scopes a repetition carries a remark, and the operator knows why."""
    without = sentences(await check_slack(client), "ok")
    sim.set_scopes(
        "commands", "chat:write", "users:read", "usergroups:read", "channels:history", "groups:history"
    )
    found = await check_slack(client)

    assert "optional channels:history and groups:history" in without
    assert "looks whether the message stands" in sentences(found, "ok")
    assert sentences(found, "warning") == ""
