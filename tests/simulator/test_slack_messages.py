"""chat.* of the simulated Slack, driven by Slack's own client."""

from __future__ import annotations

import pytest
from slack_sdk.errors import SlackApiError

from tests.simulator.slack_workspace import (
    ANNA,
    BEN,
    OPS,
    SECRET,
    HandClock,
    card,
    client_of,
    error_of,
    plain,
    workspace,
)


async def test_a_posted_message_stands_in_the_channel() -> None:
    """The simplest thing an app does."""
    async with workspace() as slack, client_of(slack) as client:
        answer = await client.chat_postMessage(channel=OPS, text="hello", blocks=card())

        message = slack.messages(OPS)[0]
        assert (message.ts, message.text, message.user) == (answer["ts"], "hello", slack.bot_user)
        assert all(block["block_id"] for block in answer["message"]["blocks"])
        assert [one.action_id for one in slack.buttons(OPS, message.ts)] == ["approve"]


async def test_every_ts_is_new_even_if_the_clock_stands() -> None:
    """Messages are known by their ts."""
    async with workspace(clock=HandClock()) as slack, client_of(slack) as client:
        ts = [(await client.chat_postMessage(channel=OPS, text="x"))["ts"] for _ in range(5)]

        assert ts == sorted(set(ts))


async def test_the_bot_posts_only_where_it_is_a_member() -> None:
    """not_in_channel for a public channel; a private one does not even exist for it."""
    async with workspace() as slack, client_of(slack) as client:
        slack.kick_bot(OPS)

        assert await error_of(client.chat_postMessage(channel=OPS, text="x")) == "not_in_channel"
        assert await error_of(client.chat_postMessage(channel=SECRET, text="x")) == "channel_not_found"
        assert await error_of(client.chat_postMessage(channel="C0NONE", text="x")) == "channel_not_found"
        slack.invite_bot(SECRET)
        assert await error_of(client.chat_postMessage(channel=SECRET, text="x")) == ""
        slack.set_scopes("chat:write", "chat:write.public")
        assert await error_of(client.chat_postMessage(channel=OPS, text="x")) == ""


async def test_an_archived_channel_takes_no_message() -> None:
    """is_archived to post, is_inactive to change what stands there."""
    async with workspace() as slack, client_of(slack) as client:
        ts = (await client.chat_postMessage(channel=OPS, text="x"))["ts"]
        slack.ws.channels[OPS].archived = True

        assert await error_of(client.chat_postMessage(channel=OPS, text="x")) == "is_archived"
        assert await error_of(client.chat_update(channel=OPS, ts=ts, text="y")) == "is_inactive"


async def test_a_message_to_a_user_id_opens_the_direct_message() -> None:
    """chat:write is enough for that; no im:write."""
    async with workspace() as slack, client_of(slack) as client:
        answer = await client.chat_postMessage(channel=ANNA, text="psst")

        assert answer["channel"].startswith("D")
        assert [one.text for one in slack.dm_of(ANNA)] == ["psst"]
        assert (
            await error_of(client.chat_update(channel=ANNA, ts=answer["ts"], text="x")) == "channel_not_found"
        )
        assert await error_of(client.chat_update(channel=answer["channel"], ts=answer["ts"], text="x")) == ""


@pytest.mark.parametrize("text", ["", "   "])
async def test_a_message_of_nothing_is_refused(text: str) -> None:
    """no_text."""
    async with workspace() as slack, client_of(slack) as client:
        call = client.api_call("chat.postMessage", json={"channel": OPS, "text": text})
        assert await error_of(call) == "no_text"


async def test_bad_blocks_are_refused_with_a_pointer() -> None:
    """invalid_blocks, and where."""
    async with workspace() as slack, client_of(slack) as client:
        with pytest.raises(SlackApiError) as refused:
            await client.chat_postMessage(
                channel=OPS, text="x", blocks=[{"type": "header", "text": plain("")}]
            )

        assert refused.value.response["error"] == "invalid_blocks"
        assert "/blocks/0/text/text" in refused.value.response["response_metadata"]["messages"][0]
        assert (
            await error_of(client.chat_postMessage(channel=OPS, text="x", blocks="{"))
            == "invalid_blocks_format"
        )
        assert slack.messages(OPS) == []


async def test_a_thread_hangs_on_its_root_only() -> None:
    """A reply's ts is no root; an unknown ts no thread."""
    async with workspace() as slack, client_of(slack) as client:
        root = (await client.chat_postMessage(channel=OPS, text="root"))["ts"]
        reply = (await client.chat_postMessage(channel=OPS, text="reply", thread_ts=root))["ts"]

        assert [one.text for one in slack.thread(OPS, root)] == ["root", "reply"]
        for ts, error in (
            (reply, "thread_not_found"),
            ("1.000001", "thread_not_found"),
            ("x", "invalid_thread_ts"),
        ):
            assert await error_of(client.chat_postMessage(channel=OPS, text="x", thread_ts=ts)) == error


async def test_an_update_without_blocks_removes_the_blocks() -> None:
    """Wanted after a decision, a bug otherwise."""
    async with workspace() as slack, client_of(slack) as client:
        meta = {"event_type": "card", "event_payload": {"id": 7}}
        ts = (await client.chat_postMessage(channel=OPS, text="ask", blocks=card(), metadata=meta))["ts"]
        await client.chat_update(channel=OPS, ts=ts, text="approved")

        message = slack.message(OPS, ts)
        assert (message.text, message.blocks, message.metadata) == ("approved", [], meta)
        assert [(one.text, len(one.blocks)) for one in message.history] == [("ask", 2)]


async def test_what_cannot_be_updated_is_refused() -> None:
    """Too long, not there, another's, of nothing."""
    async with workspace() as slack, client_of(slack) as client:
        ts = (await client.chat_postMessage(channel=OPS, text="mine"))["ts"]
        long = "x" * 4001

        assert await error_of(client.chat_update(channel=OPS, ts=ts, text=long)) == "msg_too_long"
        assert await error_of(client.chat_update(channel=OPS, ts="1.000001", text="x")) == "message_not_found"
        nothing = client.api_call("chat.update", json={"channel": OPS, "ts": ts, "text": ""})
        assert await error_of(nothing) == "no_text"
        slack.message(OPS, ts).user = ANNA
        assert await error_of(client.chat_update(channel=OPS, ts=ts, text="x")) == "cant_update_message"
        assert await error_of(client.chat_delete(channel=OPS, ts=ts)) == "cant_delete_message"


async def test_a_very_long_text_is_cut_when_posted() -> None:
    """40,000 characters, then nothing."""
    async with workspace() as slack, client_of(slack) as client:
        await client.chat_postMessage(channel=OPS, text="x" * 40_001)

        assert len(slack.messages(OPS)[0].text) == 40_000


async def test_a_deleted_message_is_gone() -> None:
    """And its history is kept for the curious."""
    async with workspace() as slack, client_of(slack) as client:
        ts = (await client.chat_postMessage(channel=OPS, text="x"))["ts"]
        await client.chat_delete(channel=OPS, ts=ts)

        assert slack.messages(OPS) == []
        assert [one.deleted for one in slack.messages(OPS, deleted=True)] == [True]
        assert await error_of(client.chat_update(channel=OPS, ts=ts, text="y")) == "message_not_found"


async def test_an_ephemeral_message_is_seen_by_one_and_never_updated() -> None:
    """chat.update does not find it."""
    async with workspace() as slack, client_of(slack) as client:
        answer = await client.chat_postEphemeral(channel=OPS, user=ANNA, text="psst")

        assert [one.text for one in slack.ephemerals(ANNA)] == ["psst"]
        assert slack.ephemerals(BEN) == slack.messages(OPS) == []
        ts = answer["message_ts"]
        assert await error_of(client.chat_update(channel=OPS, ts=ts, text="x")) == "message_not_found"
        nobody = client.chat_postEphemeral(channel=OPS, user="U0NONE", text="x")
        assert await error_of(nobody) == "user_not_in_channel"


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ("{", "invalid_metadata_format"),
        ({"event_type": "x"}, "invalid_metadata_format"),
        ({"event_type": "", "event_payload": {}}, "invalid_metadata_schema"),
        ({"event_type": "x", "event_payload": {"y": "z" * 9000}}, "metadata_too_large"),
    ],
)
async def test_bad_metadata_is_refused(metadata: object, error: str) -> None:
    """Slack judges its form."""
    async with workspace() as slack, client_of(slack) as client:
        call = client.api_call("chat.postMessage", json={"channel": OPS, "text": "x", "metadata": metadata})
        assert await error_of(call) == error


async def test_a_permalink_leads_to_the_message() -> None:
    """Needs no scope."""
    async with workspace() as slack, client_of(slack) as client:
        ts = (await client.chat_postMessage(channel=OPS, text="x"))["ts"]
        link = (await client.chat_getPermalink(channel=OPS, message_ts=ts))["permalink"]

        assert link.endswith(f"/archives/{OPS}/p{ts.replace('.', '')}")
        assert (
            await error_of(client.chat_getPermalink(channel=OPS, message_ts="1.000001"))
            == "message_not_found"
        )
