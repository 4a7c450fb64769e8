"""What the adapter's tests stand on: a simulated workspace, and the adapter served to it with an Inbound
that records."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import web
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.answers import Answers
from bot.adapters.slack.choosing import Chosen
from bot.adapters.slack.client import slack_client
from bot.adapters.slack.connection import SocketPatience
from bot.adapters.slack.http import add_routes
from bot.adapters.slack.listeners import build_app
from bot.adapters.slack.messenger import SlackChat
from bot.adapters.slack.payloads import Click, Rejection, TypedCommand
from bot.adapters.slack.socket import SocketRunner
from bot.domain.model import ClickKind, LaneId, Member
from bot.domain.notices import Buttons, Choice, Heading, Message, Paragraph, Text, Who
from bot.simulator.slack import SimSlack

ANNA, BEN, EVE, OPS, SECRET_ROOM, LEADS = "U0ANNA", "U0BEN", "U0EVE", "C0OPS", "C0SECRET", "S0LEADS"
HASH = "a1b2c3d4e5f60718"
QUICK = SocketPatience(
    ping_every=0.05, deaf_after=0.4, hello_within=2.0, retry_from=0.05, retry_to=0.2, linger=0.5, drain=1.0
)


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class RecordingInbound:
    """Keeps what it is given and answers as it was told; an error that was ordered comes out instead."""

    commands: list[TypedCommand] = field(default_factory=list)
    clicks: list[Click] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    choosable: tuple[Member, ...] | Message = ()
    """What `choices` answers."""
    choices_made: list[Chosen] = field(default_factory=list)
    answer: Message | None = None
    error: Exception | None = None
    before: Callable[[], Awaitable[None]] | None = None
    """Awaited before answering: a slow store."""

    async def command(self, typed: TypedCommand) -> Message:
        self.commands.append(typed)
        return await self._said() or Message("noted")

    async def click(self, click: Click) -> Message | None:
        self.clicks.append(click)
        return await self._said()

    async def rejection(self, rejection: Rejection) -> Message | None:
        self.rejections.append(rejection)
        return await self._said()

    async def choices(self, click: Click) -> tuple[Member, ...] | Message:
        await self._said()
        return self.choosable

    async def chosen(self, chosen: Chosen) -> Message | None:
        self.choices_made.append(chosen)
        return await self._said()

    async def _said(self) -> Message | None:
        if self.before is not None:
            await self.before()
        if self.error is not None:
            raise self.error
        return self.answer


@dataclass(kw_only=True)
class Stage:
    sim: SimSlack
    inbound: RecordingInbound
    client: AsyncWebClient
    chat: SlackChat
    answers: Answers
    bolt: AsyncApp
    runner: SocketRunner | None = None


@asynccontextmanager
async def workspace() -> AsyncIterator[SimSlack]:
    async with SimSlack(team="T0OWN") as sim:
        for user, name in ((ANNA, "anna"), (BEN, "ben")):
            sim.add_user(user, name)
        sim.add_user(EVE, "eve", team="T0OTHER", is_stranger=True)
        sim.add_channel(OPS, "ops")
        sim.add_channel(SECRET_ROOM, "secret", private=True, members=[ANNA], bot_in=False)
        sim.add_usergroup(LEADS, "leads", [BEN])
        yield sim


@asynccontextmanager
async def serve(
    sim: SimSlack, mode: str, *, answer_seconds: float = 2.3, connections: int = 1
) -> AsyncIterator[Stage]:
    """The adapter, connected to the workspace by "socket" or "http"."""
    inbound = RecordingInbound()
    async with slack_client(sim.bot_token, api_url=sim.api_url, call_seconds=5) as client:
        chat = SlackChat(client)
        answers = Answers(chat)
        bolt = build_app(
            client,
            inbound,
            answers,
            command="/image",
            answer_seconds=answer_seconds,
            signing_secret=sim.signing_secret if mode == "http" else None,
        )
        up = Stage(sim=sim, inbound=inbound, client=client, chat=chat, answers=answers, bolt=bolt)
        if mode == "http":
            async with http_server(bolt) as url:
                sim.http_delivery = url
                yield up
        else:
            up.runner = SocketRunner(
                bolt,
                client,
                app_token=sim.app_token,
                clock=SystemClock(),
                patience=QUICK,
                connections=connections,
            )
            await up.runner.start()
            try:
                yield up
            finally:
                await up.runner.close()
        await answers.drain(1.0)


@asynccontextmanager
async def http_server(bolt: AsyncApp, **settings: float) -> AsyncIterator[str]:
    """The address of /slack/events."""
    app = web.Application()
    add_routes(app, bolt, **settings)  # type: ignore[arg-type]
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    finally:
        await runner.cleanup()


def card(text: str = "asks to share base-ubuntu with shop-prod", *clicks: ClickKind) -> Message:
    """A card with a button for each of `clicks` (all of them when none is named)."""
    choices = tuple(Choice(click=kind, label=kind.value.title()) for kind in clicks or tuple(ClickKind))
    return Message(
        text=text,
        parts=(
            Heading("#12 Share 1 image with 1 project"),
            Paragraph((Who(ANNA), Text(f" {text}"))),
            Buttons(lane=LaneId("12.1"), plan_hash=HASH, choices=choices),
        ),
        lead=ANNA,
    )
