"""The simulated Web API, driven by Slack's own client."""

from __future__ import annotations

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from tests.simulator.slack_workspace import (
    ANNA,
    BEN,
    EVE,
    OPS,
    SECRET,
    HandClock,
    client_of,
    error_of,
    workspace,
)


async def test_auth_test_says_whose_token_it_is() -> None:
    """An app learns its own ids here, at start."""
    async with workspace() as slack, client_of(slack) as client:
        answer = await client.auth_test()

        assert (answer["team_id"], answer["user_id"]) == (slack.team, slack.bot_user)
        assert answer.headers["x-oauth-scopes"] == "commands,chat:write,users:read,usergroups:read"


@pytest.mark.parametrize(
    ("token", "error"),
    [("", "not_authed"), ("xoxb-wrong", "invalid_auth"), ("xapp-sim-imagebot", "not_allowed_token_type")],
)
async def test_a_wrong_token_is_refused(token: str, error: str) -> None:
    """A misconfigured app must find out from the simulator, not from production."""
    async with workspace() as slack, aiohttp.ClientSession() as web:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with web.post(f"{slack.api_url}auth.test", headers=headers) as answer:
            assert (answer.status, (await answer.json())["error"]) == (200, error)


async def test_a_missing_scope_is_named() -> None:
    """Slack says which scope would have been enough."""
    async with workspace() as slack, client_of(slack) as client:
        with pytest.raises(SlackApiError) as refused:
            await client.conversations_info(channel=OPS)

        assert refused.value.response["error"] == "missing_scope"
        assert "channels:read" in refused.value.response["needed"]
        assert refused.value.response["provided"] == "commands,chat:write,users:read,usergroups:read"


async def test_an_unknown_method_is_refused() -> None:
    """A typo in a method's name is not silently accepted."""
    async with workspace() as slack, client_of(slack) as client:
        assert await error_of(client.api_call("chat.postMessages")) == "unknown_method"


async def test_form_and_json_bodies_are_the_same_message() -> None:
    """Clients use either."""
    async with workspace() as slack, aiohttp.ClientSession() as web:
        url, headers = f"{slack.api_url}chat.postMessage", {"Authorization": f"Bearer {slack.bot_token}"}
        form = {"channel": OPS, "text": "a", "blocks": '[{"type": "divider"}]', "unfurl_links": "false"}
        json = {"channel": OPS, "text": "a", "blocks": [{"type": "divider"}], "unfurl_links": False}
        await web.post(url, headers=headers, data=form)
        await web.post(url, headers=headers, json=json)

        one, two = slack.messages(OPS)
        assert [one.blocks[0]["type"], one.unfurl_links] == [two.blocks[0]["type"], two.unfurl_links]
        assert one.unfurl_links is False


@pytest.mark.parametrize(("body", "error"), [(b"{", "invalid_json"), (b"[]", "json_not_object")])
async def test_a_broken_body_is_refused(body: bytes, error: str) -> None:
    """What is not JSON is not guessed at."""
    async with workspace() as slack, aiohttp.ClientSession() as web:
        headers = {"Content-Type": "application/json"}
        async with web.post(f"{slack.api_url}api.test", data=body, headers=headers) as answer:
            assert (await answer.json())["error"] == error


async def test_people_are_shown_as_they_are() -> None:
    """Gone, a bot, an outsider: what an approver's rights hang on."""
    async with workspace() as slack, client_of(slack) as client:
        slack.add_user("U0GONE", "gone", deleted=True)
        eve = (await client.users_info(user=EVE))["user"]

        assert (eve["team_id"], eve["is_stranger"], eve["is_restricted"]) == ("T0OTHER", True, False)
        assert (await client.users_info(user="U0GONE"))["user"]["deleted"] is True
        assert (await client.users_info(user=slack.bot_user))["user"]["is_bot"] is True
        assert await error_of(client.users_info(user="U0NONE")) == "user_not_found"
        found = []
        async for page in await client.users_list(limit=2):
            found += [one["id"] for one in page["members"]]
        assert {ANNA, BEN, "U0GONE"} <= set(found)
        assert EVE not in found


async def test_groups_are_listed_with_their_members() -> None:
    """And an unknown one is no_such_subteam."""
    async with workspace() as slack, client_of(slack) as client:
        assert (await client.usergroups_users_list(usergroup="S0LEADS"))["users"] == [BEN]
        slack.set_usergroup("S0LEADS", [ANNA, BEN])
        listed = (await client.usergroups_list(include_users=True))["usergroups"]
        assert [(one["handle"], one["users"]) for one in listed] == [("leads", [ANNA, BEN])]
        assert await error_of(client.usergroups_users_list(usergroup="S0NONE")) == "no_such_subteam"


async def test_channels_team_and_bot_are_described() -> None:
    """With the scopes for it."""
    scopes = ("channels:read", "im:write", "team:read", "users:read")
    async with workspace(scopes=scopes) as slack, client_of(slack) as client:
        assert (await client.conversations_info(channel=OPS))["channel"]["is_member"] is True
        assert await error_of(client.conversations_info(channel=SECRET)) == "channel_not_found"
        assert set((await client.conversations_members(channel=OPS))["members"]) >= {ANNA, slack.bot_user}
        dm = (await client.conversations_open(users=ANNA))["channel"]["id"]
        assert dm == slack.dm_channel(ANNA)
        assert (await client.team_info())["team"]["id"] == slack.team
        assert (await client.bots_info())["bot"]["user_id"] == slack.bot_user


async def test_limits_are_kept_per_method_and_channel() -> None:
    """429 with Retry-After, and free again when that time has passed."""
    clock = HandClock()
    async with workspace(clock=clock, enforce_limits=True) as slack, client_of(slack) as client:
        slack.add_channel("C0DEV", "dev")
        for _ in range(3):
            await client.chat_postMessage(channel=OPS, text="x")
        with pytest.raises(SlackApiError) as refused:
            await client.chat_postMessage(channel=OPS, text="x")

        assert refused.value.response.status_code == 429
        await client.chat_postMessage(channel="C0DEV", text="another channel is free")
        clock.forward(seconds=int(refused.value.response.headers["Retry-After"]))
        await client.chat_postMessage(channel=OPS, text="x")


async def test_tier_two_allows_twenty_a_minute() -> None:
    """One group look-up per click runs out at the twenty-first."""
    async with workspace(clock=HandClock(), enforce_limits=True) as slack, client_of(slack) as client:
        for _ in range(20):
            await client.usergroups_users_list(usergroup="S0LEADS")

        assert await error_of(client.usergroups_users_list(usergroup="S0LEADS")) == "ratelimited"
        assert await error_of(client.users_info(user=ANNA)) == ""


async def test_every_call_is_written_down_without_the_token() -> None:
    """Tests ask what an app did."""
    async with workspace() as slack, client_of(slack) as client:
        await client.chat_postMessage(channel=OPS, text="x")
        await error_of(client.users_info(user="U0NONE"))
        async with aiohttp.ClientSession() as web:
            await web.post(f"{slack.api_url}auth.test", data={"token": slack.bot_token})

        assert [(one.method, one.status, one.ok, one.error) for one in slack.calls] == [
            ("chat.postMessage", 200, True, ""),
            ("users.info", 200, False, "user_not_found"),
            ("auth.test", 200, True, ""),
        ]
        assert slack.bot_token not in str(slack.calls)
