"""Faults do what they say, to Slack's own client."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncConnectionErrorRetryHandler

from tests.simulator.slack_workspace import OPS, client_of, error_of, workspace


async def test_a_429_says_how_long_to_wait() -> None:
    """And only as often as it was ordered."""
    async with workspace() as slack, client_of(slack) as client:
        slack.fault("chat.postMessage", "429", retry_after=7)
        with pytest.raises(SlackApiError) as refused:
            await client.chat_postMessage(channel=OPS, text="x")

        assert (refused.value.response.status_code, refused.value.response.headers["Retry-After"]) == (
            429,
            "7",
        )
        assert await error_of(client.chat_postMessage(channel=OPS, text="x")) == ""


@pytest.mark.parametrize("status", ["500", "503"])
async def test_a_server_error_does_nothing(status: str) -> None:
    """No JSON in it, as with a real gateway."""
    async with workspace() as slack, client_of(slack) as client:
        slack.fault("chat.postMessage", status)
        with pytest.raises(SlackApiError) as refused:
            await client.chat_postMessage(channel=OPS, text="x")

        assert refused.value.response.status_code == int(status)
        assert slack.messages(OPS) == []


@pytest.mark.parametrize("word", ["ratelimited", "not_in_channel", "invalid_auth", "internal_error"])
async def test_any_error_word_comes_as_ok_false(word: str) -> None:
    """With status 200, also the rate limit that is no 429."""
    async with workspace() as slack, client_of(slack) as client:
        slack.fault("*", word, times=2)

        assert await error_of(client.chat_postMessage(channel=OPS, text="x")) == word
        assert await error_of(client.auth_test()) == word
        assert await error_of(client.auth_test()) == ""


async def test_a_cut_before_leaves_nothing_and_a_cut_after_leaves_the_message() -> None:
    """The two are not to be told apart from outside: that is why an outbox needs a state for it."""
    async with workspace() as slack, client_of(slack) as client:
        for what, count in (("cut_before", 0), ("cut_after", 1)):
            slack.fault("chat.postMessage", what)
            with pytest.raises(aiohttp.ClientError):
                await client.chat_postMessage(channel=OPS, text="x")
            assert len(slack.messages(OPS)) == count
        assert [one.status for one in slack.calls] == [0, 0]


async def test_a_client_that_repeats_posts_twice_after_a_cut() -> None:
    """What Slack's default client does, and why an app must choose its retry handlers."""
    async with workspace() as slack, client_of(slack) as client:
        client.retry_handlers.append(AsyncConnectionErrorRetryHandler())
        slack.fault("chat.postMessage", "cut_after")
        await client.chat_postMessage(channel=OPS, text="x")

        assert len(slack.messages(OPS)) == 2


async def test_a_hanging_call_hangs_until_the_caller_gives_up() -> None:
    """And does not keep the simulator from stopping."""
    async with workspace() as slack, client_of(slack) as client:
        slack.fault("auth.test", "hang")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.auth_test(), 0.2)

        assert slack.calls[0].status == 0


async def test_cleared_faults_do_not_happen() -> None:
    """A test may change its mind."""
    async with workspace() as slack, client_of(slack) as client:
        slack.fault("*", "500", times=9)
        slack.clear_faults()

        assert await error_of(client.auth_test()) == ""
