"""Commands and clicks reach an app on the official libraries, by Socket Mode and by signed HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import parse_qs

import pytest
from slack_bolt.async_app import AsyncApp

from bot.simulator.slack import SimError, SimSlack, sign
from tests.simulator.slack_workspace import (
    ANNA,
    BEN,
    EVE,
    OPS,
    SECRET,
    answer_clicks,
    answer_commands,
    card,
    client_of,
    modal,
    over_http,
    over_socket,
    post,
    workspace,
)

Door = Callable[[SimSlack], AbstractAsyncContextManager[AsyncApp]]
BOTH = pytest.mark.parametrize("door", [over_socket, over_http])


@pytest.fixture
async def slack() -> AsyncIterator[SimSlack]:
    async with workspace() as it:
        yield it


@BOTH
async def test_a_command_is_answered_privately(slack: SimSlack, door: Door) -> None:
    """Ephemeral is the default, and the command itself stays unseen."""
    async with door(slack) as app:
        seen = await answer_commands(app)
        delivery = await slack.command(ANNA, OPS, "/image", "help")

        assert (delivery.acked, delivery.status, delivery.error) == (True, 200, "")
        assert [one.text for one in slack.ephemerals(ANNA)] == ["working"]
        assert slack.messages(OPS) == []
        body = seen[0]
        assert (body["user_id"], body["team_id"], body["channel_id"]) == (ANNA, slack.team, OPS)
        assert (body["command"], body["text"], body["trigger_id"]) == ("/image", "help", delivery.trigger_id)


@BOTH
async def test_an_answer_in_the_channel_shows_what_was_typed(slack: SimSlack, door: Door) -> None:
    """To everybody: a surprise to many."""
    async with door(slack) as app:
        await answer_commands(app, {"text": "hello all", "response_type": "in_channel"})
        await slack.command(ANNA, OPS, "/image", "list")

        assert [(one.user, one.text) for one in slack.messages(OPS)] == [
            (ANNA, "/image list"),
            (slack.bot_user, "hello all"),
        ]


async def test_text_is_escaped_as_slack_does(slack: SimSlack) -> None:
    """Mentions by id, addresses in brackets, entities; private channels and direct messages nameless."""
    async with over_socket(slack) as app:
        seen = await answer_commands(app)
        await slack.command(ANNA, OPS, "/image", "@ben #ops @leads & <b> https://a.example/x?a=1&b=2")
        await slack.command(ANNA, SECRET, "/image", "<@U1>", escape=False)

        assert seen[0]["text"] == (
            "<@U0BEN|ben> <#C0OPS|ops> <!subteam^S0LEADS|@leads> &amp; &lt;b&gt; <https://a.example/x?a=1&amp;b=2>"
        )
        assert (seen[1]["text"], seen[1]["channel_name"]) == ("<@U1>", "privategroup")


@BOTH
async def test_a_click_carries_message_value_and_person(slack: SimSlack, door: Door) -> None:
    """As Slack sends it, with the thread it stands in."""
    async with door(slack) as app:
        seen = await answer_clicks(app)
        ts = await post(slack)
        delivery = await slack.click(BEN, OPS, ts, "approve")

        body = seen[0]
        assert delivery.acked
        assert (body["user"]["id"], body["user"]["team_id"]) == (BEN, slack.team)
        assert (body["actions"][0]["value"], body["actions"][0]["action_id"]) == ("7", "approve")
        assert (body["message"]["text"], body["container"]["message_ts"]) == ("ask", ts)
        assert body["container"]["is_ephemeral"] is False
        assert body["response_url"].startswith(slack.url)


@BOTH
async def test_an_external_person_may_click_but_not_command(slack: SimSlack, door: Door) -> None:
    """Slack Connect: no slash commands, yet every button works."""
    async with door(slack) as app:
        seen = await answer_clicks(app)
        ts = await post(slack)
        await slack.click(EVE, OPS, ts, "approve")

        assert seen[0]["user"]["team_id"] == "T0OTHER"
        with pytest.raises(SimError, match="external"):
            await slack.command(EVE, OPS, "/image", "help")


async def test_a_click_needs_a_button_that_is_there(slack: SimSlack) -> None:
    """A test that presses what nobody can see would prove nothing."""
    ts = await post(slack)
    async with client_of(slack) as client:
        with pytest.raises(SimError, match="no button 'reject'"):
            await slack.click(BEN, OPS, ts, "reject")
        await client.chat_update(channel=OPS, ts=ts, text="done")
        with pytest.raises(SimError, match="no button 'approve'"):
            await slack.click(BEN, OPS, ts, "approve")
    delivery = await slack.click(BEN, OPS, ts, "approve", stale=True)
    assert delivery.payload["actions"][0]["value"] == "7"
    other = await post(slack)
    async with client_of(slack) as client:
        await client.chat_delete(channel=OPS, ts=other)
    with pytest.raises(SimError, match="deleted"):
        await slack.click(BEN, OPS, other, "approve")


async def test_people_do_only_what_they_can(slack: SimSlack) -> None:
    """Gone, a bot, outside a private channel, unknown."""
    slack.add_user("U0GONE", "gone", deleted=True)
    for user, channel in (
        ("U0GONE", OPS),
        (slack.bot_user, OPS),
        (BEN, SECRET),
        ("U0NONE", OPS),
        (ANNA, "C0NONE"),
    ):
        with pytest.raises(SimError):
            await slack.command(user, channel, "/image", "help")


async def test_without_an_app_the_person_is_told_and_nothing_is_kept(slack: SimSlack) -> None:
    """Slack neither queues nor repeats commands."""
    delivery = await slack.command(ANNA, OPS, "/image", "help")

    assert (delivery.acked, delivery.error) == (False, "dispatch_failed")
    assert "dispatch_failed" in slack.notes(ANNA)[0].text
    slack.http_delivery = "http://127.0.0.1:9/slack/events"
    assert (await slack.command(ANNA, OPS, "/image", "help")).error == "dispatch_failed"
    assert slack.ephemerals(ANNA) == []


@BOTH
async def test_an_answer_after_three_seconds_is_none(slack: SimSlack, door: Door) -> None:
    """The person sees operation_timeout, whatever the app did meanwhile."""
    async with door(slack) as app:
        release = asyncio.Event()

        async def slow(ack: Any) -> None:
            await release.wait()
            await ack("too late")

        app.command("/image")(slow)
        delivery = await slack.command(ANNA, OPS, "/image", "help")
        release.set()

        assert not delivery.acked
        assert delivery.error in (
            "operation_timeout",
            "dispatch_failed",
        )  # Bolt itself gives up at the same time
        assert slack.ephemerals(ANNA) == []


async def test_an_unheard_of_command_is_not_acknowledged(slack: SimSlack) -> None:
    """Over HTTP, Bolt answers 404 when no listener matches."""
    async with over_http(slack):
        delivery = await slack.command(ANNA, OPS, "/other", "")

        assert (delivery.acked, delivery.status, delivery.error) == (False, 404, "dispatch_failed")


async def test_blocks_in_an_acknowledgement_are_judged(slack: SimSlack) -> None:
    """The person would see an error instead."""
    async with over_socket(slack) as app:
        await answer_commands(app, {"text": "x", "blocks": [{"type": "section"}]})
        delivery = await slack.command(ANNA, OPS, "/image", "help")

        assert delivery.error == "invalid_blocks"
        assert slack.ephemerals(ANNA) == []


@BOTH
async def test_a_payload_can_come_twice(slack: SimSlack, door: Door) -> None:
    """A replay inside the five minutes is what an app's own memory is for."""
    async with door(slack) as app:
        seen = await answer_commands(app)
        first = await slack.command(ANNA, OPS, "/image", "help")
        again = await slack.redeliver(first)

        assert again.acked
        assert again.trigger_id == first.trigger_id
        assert seen[0] == seen[1]


async def test_forged_old_and_huge_requests_reach_the_app_as_they_are(slack: SimSlack) -> None:
    """post_raw is for hostile tests; here Bolt refuses what it should."""
    async with over_http(slack) as app:
        seen = await answer_commands(app)
        good = await slack.command(ANNA, OPS, "/image", "help")
        headers, body = dict(good.request_headers), good.request_body
        old = str(int(time.time()) - 301)

        assert parse_qs(body.decode())["command"] == ["/image"]
        assert (
            sign(slack.signing_secret, body, headers["X-Slack-Request-Timestamp"])
            == headers["X-Slack-Signature"]
        )
        forged = headers | {"X-Slack-Signature": sign("guess", body, headers["X-Slack-Request-Timestamp"])}
        stale = headers | {"X-Slack-Request-Timestamp": old, "X-Slack-Signature": slack.sign(body, old)}
        assert [(await slack.post_raw(body, one))[0] for one in (headers, forged, stale, {})] == [
            200,
            401,
            401,
            401,
        ]
        assert (await slack.post_raw(b"x" * 10_000_000, headers))[0] == 413
        assert len(seen) == 2


@BOTH
async def test_opening_the_home_tab_is_an_event(slack: SimSlack, door: Door) -> None:
    """And the app publishes a view for that person."""
    async with door(slack) as app:

        async def publish(event: dict[str, Any], client: Any) -> None:
            await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": card()})

        app.event("app_home_opened")(publish)
        assert (await slack.open_home(ANNA)).acked
        home = await slack.wait_for(lambda: slack.home_of(ANNA))

        assert home["type"] == "home"
        clicks = await answer_clicks(app)
        assert (await slack.click_view(ANNA, home["id"], "approve")).acked
        assert "response_url" not in clicks[0]


@BOTH
async def test_a_click_opens_a_modal_and_its_submission_is_checked(slack: SimSlack, door: Door) -> None:
    """The whole way of a rejection with a reason."""
    async with door(slack) as app:
        heard: list[str] = []

        async def open_modal(ack: Any, body: dict[str, Any], client: Any) -> None:
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view=modal(callback_id="reject"))

        async def submit(ack: Any, view: dict[str, Any]) -> None:
            said = view["state"]["values"]["why"]["text"]["value"]
            heard.append(said)
            if said == "because":
                await ack(response_action="errors", errors={"why": "say more"})
            else:
                await ack()

        app.action("approve")(open_modal)
        app.view("reject")(submit)
        await slack.click(BEN, OPS, await post(slack), "approve")
        view = await slack.wait_for(lambda: slack.view_of(BEN))
        await slack.submit_view(BEN, view["id"], {("why", "text"): "because"})

        assert slack.errors_of(BEN) == {"why": "say more"}
        assert slack.view_of(BEN) is not None
        await slack.submit_view(BEN, view["id"], {("why", "text"): "not in March"})
        assert slack.view_of(BEN) is None
        assert heard == ["because", "not in March"]
