"""The simulated conversations.history and .replies follow Slack's pages: scopes by kind of channel, metadata only when asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.simulator.slack import SimSlack

META = {"event_type": "thing", "event_payload": {"key": "1"}}


@pytest.fixture
async def sim() -> AsyncIterator[SimSlack]:
    async with SimSlack(team="T0OWN") as one:
        one.add_channel("C0A", "a")
        one.add_channel("C0P", "p", private=True, members=["U0ANNA"])
        one.set_scopes("chat:write", "channels:history")
        yield one


@pytest.fixture
def client(sim: SimSlack) -> AsyncWebClient:
    return AsyncWebClient(token=sim.bot_token, base_url=sim.api_url)


async def posted(client: AsyncWebClient, text: str, **how: Any) -> str:
    return str((await client.chat_postMessage(channel="C0A", text=text, **how))["ts"])


async def test_history_is_newest_first_without_replies_and_replies_are_oldest_first(
    client: AsyncWebClient,
) -> None:
    """Two methods, two orders."""
    root = await posted(client, "root")
    await posted(client, "reply 1", thread_ts=root)
    await posted(client, "reply 2", thread_ts=root)
    await posted(client, "next")

    history = await client.conversations_history(channel="C0A")
    replies = await client.conversations_replies(channel="C0A", ts=root)
    assert [m["text"] for m in history["messages"]] == ["next", "root"]
    assert [m["text"] for m in replies["messages"]] == ["root", "reply 1", "reply 2"]


async def test_metadata_comes_only_when_it_is_asked_for_and_stays_through_an_update(
    client: AsyncWebClient,
) -> None:
    """As Slack documents both."""
    ts = await posted(client, "x", metadata=META)
    await client.chat_update(channel="C0A", ts=ts, text="y")

    without = await client.conversations_history(channel="C0A")
    having = await client.conversations_history(channel="C0A", include_all_metadata=True)
    assert "metadata" not in without["messages"][0]
    assert having["messages"][0]["metadata"] == META


async def test_each_kind_of_channel_has_its_scope(sim: SimSlack, client: AsyncWebClient) -> None:
    """A bot that may read public channels may not read private ones."""
    with pytest.raises(SlackApiError, match="missing_scope"):
        await client.conversations_history(channel="C0P")
    sim.set_scopes("chat:write", "groups:history")
    await client.conversations_history(channel="C0P")
    with pytest.raises(SlackApiError, match="missing_scope"):
        await client.conversations_history(channel="C0A")
    sim.kick_bot("C0P")
    with pytest.raises(SlackApiError, match="channel_not_found"):
        await client.conversations_history(channel="C0P")


async def test_pages_and_times_bound_what_comes(client: AsyncWebClient) -> None:
    """A look goes back no further than it must."""
    stamps = [await posted(client, str(n)) for n in range(5)]
    first = await client.conversations_history(channel="C0A", limit=2)
    second = await client.conversations_history(
        channel="C0A", limit=2, cursor=first["response_metadata"]["next_cursor"]
    )
    later = await client.conversations_history(channel="C0A", oldest=stamps[2])

    assert [[m["text"] for m in page["messages"]] for page in (first, second)] == [["4", "3"], ["2", "1"]]
    assert [m["text"] for m in later["messages"]] == ["4", "3"]
    assert (first["has_more"], later["has_more"]) == (True, False)
