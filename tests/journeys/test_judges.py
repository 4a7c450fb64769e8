"""The judges at the end of every journey, themselves on trial: each must be able to say no."""

from __future__ import annotations

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.journeys import evidence
from tests.journeys.cast import ALICE, CANARIES, CHANNEL, DEV, EVE
from tests.journeys.stage import Stage, empty_stage, stage


async def post(s: Stage, **message: object) -> None:
    """A message as a careless bot would send it."""
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token=s.slack.bot_token, base_url=s.slack.api_url, session=session)
        await client.api_call("chat.postMessage", json={"channel": CHANNEL, **message})


async def test_a_message_without_text_is_found() -> None:
    """Nothing would be read aloud."""
    async with empty_stage() as s:
        await post(s, blocks=[{"type": "divider"}])
        assert evidence.misshapen(s.slack) != []
        with pytest.raises(AssertionError):
            await s.judged({})


async def test_a_mention_that_was_not_meant_is_found() -> None:
    """By its text or by its blocks."""
    async with empty_stage() as s:
        await post(s, text=f"hello <@{EVE}> and <!channel>")
        assert evidence.notified(s.slack) == {EVE, "!channel"}
        with pytest.raises(AssertionError):
            await s.judged({})


@pytest.mark.parametrize("what", CANARIES)
async def test_a_secret_in_the_log_is_found(what: str) -> None:
    """All of them."""
    async with empty_stage() as s:
        s.log.write(f"calling with {CANARIES[what]}")
        with pytest.raises(AssertionError, match=what):
            await s.judged({})


async def test_a_response_url_left_in_the_database_is_found() -> None:
    """It is a bearer secret for half an hour."""
    async with empty_stage() as s:
        delivery = await s.slack.command(ALICE, CHANNEL, "/image", "help")
        s.database.with_name("bot.db-wal").write_bytes(str(delivery.payload["response_url"]).encode())
        with pytest.raises(AssertionError, match="response_url 1 in bot"):
            await s.judged({})


async def test_a_useless_call_to_the_cloud_is_found() -> None:
    """The bot looks before it acts."""
    async with stage() as s:
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        await s.until(lambda: s.ims.jobs)
        s.ims.set_member(s.images.ubuntu, DEV)
        assert await s.settled() == "ended"
        assert len(s.ims.redundant) == 1
        s.redundant = 1
