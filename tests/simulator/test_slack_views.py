"""views.* and response_url, with their tickets that run out."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.simulator.slack import SimError, SimSlack
from tests.simulator.slack_workspace import (
    ANNA,
    BEN,
    OPS,
    SECRET,
    HandClock,
    card,
    client_of,
    error_of,
    modal,
    plain,
    workspace,
)


async def trigger(slack: SimSlack) -> str:
    """A fresh one; that nobody answers the command does not spoil it."""
    return (await slack.command(ANNA, OPS, "/image", "")).trigger_id


async def test_a_trigger_works_once_and_for_three_seconds() -> None:
    """Open the modal first, look things up later."""
    clock = HandClock()
    async with workspace(clock=clock) as slack, client_of(slack) as client:
        used, late = await trigger(slack), await trigger(slack)
        await client.views_open(trigger_id=used, view=modal())
        clock.forward(seconds=3.1)

        assert await error_of(client.views_open(trigger_id=used, view=modal())) == "exchanged_trigger_id"
        assert await error_of(client.views_open(trigger_id=late, view=modal())) == "expired_trigger_id"
        assert await error_of(client.views_open(trigger_id="1.2.x", view=modal())) == "invalid_trigger_id"


async def test_a_bad_view_is_refused_with_a_pointer() -> None:
    """invalid_arguments; a refused view does not spend the trigger."""
    async with workspace() as slack, client_of(slack) as client:
        ticket = await trigger(slack)

        bad = modal(title=plain("x" * 25))
        assert await error_of(client.views_open(trigger_id=ticket, view=bad)) == "invalid_arguments"
        home = {"type": "home", "blocks": card()}
        assert await error_of(client.views_open(trigger_id=ticket, view=home)) == "invalid_arguments"
        big = [{"type": "section", "text": plain("x" * 2990)} for _ in range(90)]
        assert (
            await error_of(client.views_open(trigger_id=ticket, view=modal(blocks=big))) == "view_too_large"
        )
        assert slack.view_of(ANNA) is None
        await client.views_open(trigger_id=ticket, view=modal())


async def test_a_view_is_updated_by_id_and_hash() -> None:
    """The id stays, the hash changes, an old hash is a conflict."""
    async with workspace() as slack, client_of(slack) as client:
        view = (await client.views_open(trigger_id=await trigger(slack), view=modal(external_id="mine")))[
            "view"
        ]
        title = modal(title=plain("New"))
        new = (await client.views_update(view_id=view["id"], hash=view["hash"], view=title))["view"]

        assert (new["id"], new["title"]["text"]) == (view["id"], "New")
        assert slack.view_of(ANNA) == new
        stale = client.views_update(view_id=view["id"], hash=view["hash"], view=modal())
        assert await error_of(stale) == "hash_conflict"
        assert await error_of(client.views_update(view_id="V0", view=modal())) == "not_found"
        assert await error_of(client.views_update(external_id="mine", view=modal())) == "not_found"


async def test_three_views_are_the_most() -> None:
    """push_limit_reached, and closing goes back down."""
    async with workspace() as slack, client_of(slack) as client:
        root = (await client.views_open(trigger_id=await trigger(slack), view=modal()))["view"]
        for _ in range(2):
            top = (await client.views_push(trigger_id=await trigger(slack), view=modal()))["view"]

        assert top["root_view_id"] == root["id"]
        fourth = client.views_push(trigger_id=await trigger(slack), view=modal())
        assert await error_of(fourth) == "push_limit_reached"
        await slack.close_view(ANNA, top["id"])
        under = slack.view_of(ANNA)
        assert under is not None
        assert under["id"] == top["previous_view_id"]


async def test_an_external_id_is_used_once() -> None:
    """duplicate_external_id."""
    async with workspace() as slack, client_of(slack) as client:
        await client.views_open(trigger_id=await trigger(slack), view=modal(external_id="same"))
        again = client.views_open(trigger_id=await trigger(slack), view=modal(external_id="same"))

        assert await error_of(again) == "duplicate_external_id"


async def test_home_tabs_are_published_per_person() -> None:
    """Last write wins unless a hash is sent."""
    async with workspace() as slack, client_of(slack) as client:
        home = {"type": "home", "blocks": card()}
        first = (await client.views_publish(user_id=ANNA, view=home))["view"]
        await client.views_publish(user_id=ANNA, view=home)

        assert slack.home_of(BEN) is None
        assert (
            await error_of(client.views_publish(user_id=ANNA, view=home, hash=first["hash"]))
            == "hash_conflict"
        )
        assert await error_of(client.views_publish(user_id="U0NONE", view=home)) == "user_not_found"


async def test_a_form_takes_only_what_slacks_client_would() -> None:
    """Required fields, lengths, known fields and options are checked before anything is sent."""
    async with workspace() as slack, client_of(slack) as client:
        options = [{"text": plain("One"), "value": "1"}]
        select = {"type": "static_select", "action_id": "pick", "options": options}
        chosen = {
            "type": "input",
            "block_id": "which",
            "label": plain("Which"),
            "element": select,
            "optional": True,
        }
        view = modal(blocks=[*modal()["blocks"], chosen])
        id = (await client.views_open(trigger_id=await trigger(slack), view=view))["view"]["id"]

        why = ("why", "text")
        bad: list[dict[tuple[str, str], Any]] = [
            {}, {why: "x"}, {why: "fine", ("x", "y"): "z"}, {why: "fine", ("which", "pick"): "2"},
        ]  # fmt: skip
        for values in bad:
            with pytest.raises(SimError):
                await slack.submit_view(ANNA, id, values)
        delivery = await slack.submit_view(ANNA, id, {why: "fine", ("which", "pick"): "1"})
        assert delivery.payload["view"]["state"]["values"] == {
            "why": {"text": {"type": "plain_text_input", "value": "fine"}},
            "which": {"pick": {"type": "static_select", "selected_option": options[0]}},
        }
        assert slack.view_of(ANNA) is not None, "nobody acknowledged, so it stays open"


async def test_a_response_url_works_five_times() -> None:
    """Then 404 used_url, which Slack's client returns without raising."""
    async with workspace() as slack:
        url = (await slack.command(ANNA, OPS, "/image", "")).payload["response_url"]
        hook = AsyncWebhookClient(url)
        statuses = [(await hook.send(text=f"{n}")).status_code for n in range(6)]

        assert statuses == [200] * 5 + [404]
        assert [one.text for one in slack.ephemerals(ANNA)] == list("01234")
        assert slack.responses[-1].error == "used_url"


async def test_a_response_url_lives_thirty_minutes() -> None:
    """A request that outlives it must be told by chat.update."""
    clock = HandClock()
    async with workspace(clock=clock) as slack:
        hook = AsyncWebhookClient((await slack.command(ANNA, OPS, "/image", "")).payload["response_url"])
        clock.forward(minutes=30, seconds=1)

        assert (await hook.send(text="late")).status_code == 404
        assert slack.responses[-1].error == "expired_url"


async def test_a_response_url_reaches_where_the_bot_is_not() -> None:
    """The fallback for not_in_channel: no token, no membership."""
    async with workspace() as slack:
        hook = AsyncWebhookClient((await slack.command(ANNA, SECRET, "/image", "")).payload["response_url"])
        await hook.send(text="all see this", response_type="in_channel")

        assert [one.text for one in slack.messages(SECRET)] == ["all see this"]


async def test_a_click_may_replace_or_delete_its_message() -> None:
    """Also an ephemeral one, which nothing else can change."""
    async with workspace() as slack, client_of(slack) as client:
        ts = (await client.chat_postEphemeral(channel=OPS, user=ANNA, text="ask", blocks=card()))[
            "message_ts"
        ]
        delivery = await slack.click(ANNA, OPS, ts, "approve", is_ephemeral=True)
        hook = AsyncWebhookClient(delivery.payload["response_url"])
        await hook.send(text="done", replace_original=True)

        assert delivery.payload["container"]["is_ephemeral"] is True
        assert "message" not in delivery.payload
        assert [(one.text, one.blocks) for one in slack.ephemerals(ANNA)] == [("done", [])]
        await hook.send(delete_original=True)
        assert slack.ephemerals(ANNA) == []


@pytest.mark.parametrize(("body", "status"), [(b"{", 400), (b'{"text": ""}', 400), (b'{"text": "x"}', 200)])
async def test_a_response_url_judges_what_it_is_sent(body: bytes, status: int) -> None:
    """A refused post does not use it up."""
    async with workspace() as slack, aiohttp.ClientSession() as web:
        url = (await slack.command(ANNA, OPS, "/image", "")).payload["response_url"]
        async with web.post(url, data=body) as answer:
            assert answer.status == status
        async with web.post(f"{url}x", data=body) as answer:
            assert answer.status == 404


async def test_a_response_url_can_be_made_to_fail() -> None:
    """By the same orders as a method."""
    async with workspace() as slack:
        hook = AsyncWebhookClient((await slack.command(ANNA, OPS, "/image", "")).payload["response_url"])
        slack.fault("response_url", "500")

        assert [(await hook.send(text="x")).status_code for _ in range(2)] == [500, 200]
