"""A little workspace and little apps on the official libraries, to drive the simulated Slack with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import ClientSession, web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.simulator.slack import SimSlack

ANNA, BEN, EVE = "U0ANNA", "U0BEN", "U0EVE"
OPS, SECRET = "C0OPS", "C0SECRET"
Json = dict[str, Any]


class HandClock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def forward(self, **length: float) -> None:
        self.time += timedelta(**length)


@asynccontextmanager
async def workspace(**settings: Any) -> AsyncIterator[SimSlack]:
    """Anna and Ben, an outsider, a public channel, and a private one without the bot."""
    async with SimSlack(**settings) as slack:
        slack.add_user(ANNA, "anna")
        slack.add_user(BEN, "ben")
        slack.add_user(EVE, "eve", team="T0OTHER", is_stranger=True)
        slack.add_usergroup("S0LEADS", "leads", [BEN])
        slack.add_channel(OPS, "ops")
        slack.add_channel(SECRET, "secret", members=[ANNA], private=True, bot_in=False)
        yield slack


@asynccontextmanager
async def client_of(slack: SimSlack, token: str | None = None) -> AsyncIterator[AsyncWebClient]:
    """The official client, which repeats nothing."""
    async with ClientSession() as session:
        yield AsyncWebClient(
            token=slack.bot_token if token is None else token,
            base_url=slack.api_url,
            session=session,
            retry_handlers=[],
        )


@asynccontextmanager
async def over_socket(slack: SimSlack) -> AsyncIterator[AsyncApp]:
    """A Bolt app connected by Socket Mode."""
    async with client_of(slack) as client:
        app = AsyncApp(client=client)
        handler = AsyncSocketModeHandler(app, slack.app_token, ping_interval=1)
        await handler.connect_async()  # type: ignore[no-untyped-call]
        before = slack.connections
        await slack.wait_for(lambda: slack.connections >= max(1, before))
        try:
            yield app
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def over_http(slack: SimSlack) -> AsyncIterator[AsyncApp]:
    """A Bolt app behind a request_url, verifying signatures."""
    async with client_of(slack) as client:
        app = AsyncApp(client=client, signing_secret=slack.signing_secret)
        runner = web.AppRunner(app.web_app(path="/slack/events"), shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        slack.http_delivery = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
        try:
            yield app
        finally:
            slack.http_delivery = None
            await runner.cleanup()


async def error_of(call: Any) -> str:
    """The error word of a refused call, or "" when it was not refused."""
    try:
        await call
    except SlackApiError as error:
        return str(error.response["error"])
    return ""


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def card(text: str = "Anna asks", *, value: str = "7") -> list[Json]:
    """A section and an Approve button."""
    button = {"type": "button", "action_id": "approve", "text": plain("Approve"), "value": value}
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}},
        {"type": "actions", "elements": [button]},
    ]


def modal(**other: Any) -> Json:
    typed = {"type": "plain_text_input", "action_id": "text", "min_length": 3}
    asked = {"type": "input", "block_id": "why", "label": plain("Why?"), "element": typed}
    return {"type": "modal", "title": plain("Reject"), "submit": plain("Send"), "blocks": [asked], **other}


async def answer_commands(app: AsyncApp, answer: Any = "working") -> list[Json]:
    """The app acknowledges with this; what it was sent is in the list."""
    seen: list[Json] = []

    async def listener(ack: Any, body: Json) -> None:
        seen.append(body)
        await ack(**answer) if isinstance(answer, dict) else await ack(answer)

    app.command("/image")(listener)
    return seen


async def answer_clicks(app: AsyncApp) -> list[Json]:
    """The app acknowledges Approve; what it was sent is in the list."""
    seen: list[Json] = []

    async def listener(ack: Any, body: Json) -> None:
        seen.append(body)
        await ack()

    app.action("approve")(listener)
    return seen


async def post(slack: SimSlack, text: str = "ask") -> str:
    """The ts of a card in the public channel."""
    async with client_of(slack) as client:
        return str((await client.chat_postMessage(channel=OPS, text=text, blocks=card()))["ts"])
