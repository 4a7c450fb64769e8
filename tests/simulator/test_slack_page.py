"""The browser page and the JSON doors of the simulated Slack."""

from __future__ import annotations

import re
from typing import Any

import aiohttp
import pytest

from tests.simulator.slack_workspace import (
    ANNA,
    BEN,
    OPS,
    SECRET,
    card,
    client_of,
    modal,
    over_socket,
    workspace,
)

HOSTILE = '" onfocus="alert(2)"><script>alert(1)</script><img src=x>'


async def page(web: aiohttp.ClientSession, url: str, **query: str) -> str:
    async with web.get(url, params=query) as answer:
        assert answer.status == 200
        return await answer.text()


async def test_a_newcomer_presses_approve_in_the_browser() -> None:
    """What the demo is for."""
    async with workspace() as slack, over_socket(slack) as app, aiohttp.ClientSession() as web:

        async def approve(ack: Any, body: dict[str, Any], client: Any) -> None:
            await ack()
            done = f"approved by <@{body['user']['id']}>"
            await client.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text=done)

        app.action("approve")(approve)
        async with client_of(slack) as client:
            await client.chat_postMessage(channel=OPS, text="ask", blocks=card())
        shown = await page(web, slack.url, channel=OPS, **{"as": BEN})
        form = re.search(r'<form method="post" action="/ui/click">(.*?)</form>', shown)
        assert form
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form.group(1)))
        await web.post(f"{slack.url}/ui/click", data=fields)
        await slack.wait_for(lambda: "approved" in slack.messages(OPS)[0].text)

        assert "approved by" in await page(web, slack.url, channel=OPS, **{"as": BEN})


async def test_a_form_is_filled_in_in_the_browser() -> None:
    """Command, modal, errors and all."""
    async with workspace() as slack, over_socket(slack) as app, aiohttp.ClientSession() as web:
        said: list[str] = []

        async def command(ack: Any, body: dict[str, Any], client: Any) -> None:
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view=modal(callback_id="form"))

        async def submit(ack: Any, view: dict[str, Any]) -> None:
            said.append(view["state"]["values"]["why"]["text"]["value"])
            await ack()

        app.command("/image")(command)
        app.view("form")(submit)
        where = {"as": ANNA, "channel": OPS}
        await web.post(f"{slack.url}/ui/command", data={**where, "line": "/image share"})
        view = await slack.wait_for(lambda: slack.view_of(ANNA))
        shown = await page(web, slack.url, **where)
        name = re.search(r'<input type="text" name="([^"]*)"', shown)
        assert name
        await web.post(
            f"{slack.url}/ui/submit", data={**where, "view_id": view["id"], name.group(1): "for them"}
        )

        assert said == ["for them"]
        assert "<dialog" not in await page(web, slack.url, **where)


async def test_nothing_on_the_page_is_html_of_others() -> None:
    """Names, texts, values, errors and the address line are all foreign."""
    async with workspace() as slack, aiohttp.ClientSession() as web, client_of(slack) as client:
        slack.add_user("U0BAD", HOSTILE)
        slack.add_channel("C0BAD", HOSTILE)
        blocks = card(HOSTILE.replace("<", "&lt;").replace(">", "&gt;"), value=HOSTILE)
        blocks[0]["block_id"] = HOSTILE[:50]
        await client.chat_postMessage(channel="C0BAD", text=HOSTILE, blocks=blocks)
        await client.chat_postMessage(channel="C0BAD", text=HOSTILE)
        shown = await page(web, slack.url, channel="C0BAD", note=HOSTILE, **{"as": "U0BAD"})

        assert "<script>" not in shown
        assert "<img" not in shown
        assert '" onfocus' not in shown
        assert "alert(1)" in shown


async def test_a_person_sees_only_their_own_rooms_and_whispers() -> None:
    """A private channel is private in the demo too."""
    async with workspace() as slack, aiohttp.ClientSession() as web, client_of(slack) as client:
        await client.chat_postEphemeral(channel=OPS, user=ANNA, text="for anna only")

        assert "secret" in await page(web, slack.url, channel=OPS, **{"as": ANNA})
        bens = await page(web, slack.url, channel=SECRET, **{"as": BEN})
        assert "secret" not in bens
        assert "for anna only" not in bens


async def test_what_goes_wrong_is_said_on_the_page() -> None:
    """No app connected, no slash."""
    async with workspace() as slack, aiohttp.ClientSession() as web:
        for line, said in (("/image help", "dispatch_failed"), ("hello", "slash commands only")):
            form = {"as": ANNA, "channel": OPS, "line": line}
            async with web.post(f"{slack.url}/ui/command", data=form) as answer:
                assert said in await answer.text()


async def test_another_process_drives_it_by_json() -> None:
    """As a crash test does with the bot in a process of its own."""
    async with workspace() as slack, over_socket(slack) as app, aiohttp.ClientSession() as web:

        async def answer(ack: Any) -> None:
            await ack("hello")

        app.command("/image")(answer)

        async def do(door: str, **body: Any) -> Any:
            async with web.post(f"{slack.url}/sim/{door}", json=body) as reply:
                return await reply.json()

        await do("users", id="U0NEW", name="new")
        await do("channels", id="C0NEW", name="new-room", members=["U0NEW"])
        await do("usergroups", id="S0NEW", handle="new-group", members=["U0NEW"])
        acked = await do("command", user="U0NEW", channel="C0NEW", command="/image", text="help")
        assert (acked["acked"], acked["error"]) == (True, "")
        assert (await do("click", user="U0NEW", channel="C0NEW", ts="1.0", action_id="x"))["error"]
        assert "bad arguments" in (await do("command", nonsense=1))["error"]
        assert await do("fault", method="chat.update", what="429") == {"chat.update": [["429", 1]]}
        async with web.get(f"{slack.url}/sim/state") as reply:
            state = await reply.json()
        assert [one["text"] for one in state["ephemerals"]] == ["hello"]
        assert slack.bot_token not in str(state)
        assert "/actions/" not in str(state)


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}, {"Origin": "null"}]
)
async def test_pages_of_other_sites_are_kept_out(headers: dict[str, str]) -> None:
    """A browser would let any page post to loopback."""
    async with workspace() as slack, aiohttp.ClientSession() as web:
        async with web.post(
            f"{slack.url}/sim/users", json={"id": "U0EVIL", "name": "x"}, headers=headers
        ) as answer:
            assert answer.status == 403
        assert "U0EVIL" not in slack.ws.users


async def test_waiting_in_vain_says_what_was_there() -> None:
    """A timeout without a reason costs an hour."""
    async with workspace() as slack:
        with pytest.raises(TimeoutError, match="sockets 0"):
            await slack.wait_for(lambda: slack.messages(OPS), timeout=0.1)
