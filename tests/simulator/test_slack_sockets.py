"""Socket Mode's connections: how they begin, share, break and come back."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.simulator.slack import Call, SimSlack
from tests.simulator.slack_workspace import (
    ANNA,
    OPS,
    answer_commands,
    client_of,
    error_of,
    over_socket,
    workspace,
)


@pytest.fixture
async def slack() -> AsyncIterator[SimSlack]:
    async with workspace() as it:
        yield it


async def test_each_payload_goes_to_one_of_several_connections(slack: SimSlack) -> None:
    """No affinity; no broadcast."""
    async with over_socket(slack) as one, over_socket(slack) as two:
        await slack.wait_for(lambda: slack.connections == 2)
        first, second = await answer_commands(one), await answer_commands(two)
        for _ in range(4):
            assert (await slack.command(ANNA, OPS, "/image", "help")).acked

        assert (len(first), len(second)) == (2, 2)


async def test_a_refreshed_connection_comes_back(slack: SimSlack) -> None:
    """Every few hours, and at each deployment of Slack's."""
    async with over_socket(slack) as app:
        await answer_commands(app)
        await slack.disconnect_sockets("warning")
        assert (await slack.command(ANNA, OPS, "/image", "help")).acked
        before = len(slack.calls)
        await slack.disconnect_sockets()
        await slack.wait_for(lambda: len(slack.calls) > before and slack.connections == 1)

        assert (await slack.command(ANNA, OPS, "/image", "help")).acked


async def test_a_connection_cut_off_comes_back(slack: SimSlack) -> None:
    """Without a word of goodbye."""
    async with over_socket(slack) as app:
        await answer_commands(app)
        await slack.disconnect_sockets("abrupt")
        assert slack.connections == 0
        assert (await slack.command(ANNA, OPS, "/image", "help")).error == "dispatch_failed"
        await slack.wait_for(lambda: slack.connections == 1, timeout=20)

        assert (await slack.command(ANNA, OPS, "/image", "help")).acked


async def test_a_deaf_connection_swallows_payloads(slack: SimSlack) -> None:
    """It looks open to both sides: only a watchdog notices. The SDK does when no pong comes."""
    async with over_socket(slack) as app:
        seen = await answer_commands(app)

        def opened() -> list[Call]:
            return [one for one in slack.calls if one.method == "apps.connections.open"]

        await slack.disconnect_sockets("deaf")
        delivery = await slack.command(ANNA, OPS, "/image", "help")

        assert (delivery.acked, delivery.error) == (False, "operation_timeout")
        await slack.wait_for(lambda: len(opened()) > 1 and slack.connections == 1, 20)
        assert (await slack.command(ANNA, OPS, "/image", "help")).acked
        assert len(seen) == 1


async def test_an_address_is_good_for_one_connection(slack: SimSlack) -> None:
    """And only the app-level token gets one."""
    async with client_of(slack) as client, client_of(slack, slack.app_token) as app:
        assert (
            await error_of(client.apps_connections_open(app_token=slack.bot_token))
            == "not_allowed_token_type"
        )
        url = (await app.apps_connections_open(app_token=slack.app_token))["url"]
        assert client.session is not None
        async with client.session.ws_connect(url) as socket:
            hello = await socket.receive_json()
            assert (hello["type"], hello["num_connections"]) == ("hello", 1)
            assert hello["debug_info"]["approximate_connection_time"] > 0
        async with client.session.get(url.replace("ws://", "http://")) as second:
            assert second.status == 401


async def test_the_eleventh_connection_is_sent_away(slack: SimSlack) -> None:
    """Ten an app."""
    async with client_of(slack, slack.app_token) as app:
        assert app.session is not None
        sockets = []
        for _ in range(11):
            url = (await app.apps_connections_open(app_token=slack.app_token))["url"]
            sockets.append(await app.session.ws_connect(url))
        greetings = [(await one.receive_json()) for one in sockets]

        assert [one["type"] for one in greetings] == ["hello"] * 10 + ["disconnect"]
        assert greetings[-1]["reason"] == "too_many_websockets"
        for one in sockets:
            await one.close()


async def test_an_acknowledgement_of_nothing_known_is_noticed(slack: SimSlack) -> None:
    """A late or invented envelope_id."""
    async with client_of(slack, slack.app_token) as app:
        url = (await app.apps_connections_open(app_token=slack.app_token))["url"]
        assert app.session is not None
        async with app.session.ws_connect(url) as socket:
            await socket.send_json({"envelope_id": "made-up"})
            stray = await slack.wait_for(lambda: slack.sockets.stray_acks)
            assert stray == [{"envelope_id": "made-up"}]
