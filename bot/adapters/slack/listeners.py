"""What the bot listens to: one command, four buttons, one form, and everything unknown. Each listener reads
the payload, hands a small value to the `Inbound`, and acknowledges; only the reject button calls Slack
(views.open), as its trigger lives for three seconds. Never here: decisions, storing, results.

Bolt runs with process_before_response: the answer is what the listener acknowledged with when it ended.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import structlog
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.answers import Address, Answers
from bot.adapters.slack.blocks import Block, private_answer
from bot.adapters.slack.choosing import CHOOSING_VIEW, Chosen, choosing_view, chosen_of
from bot.adapters.slack.client import library_logger
from bot.adapters.slack.commands import BotApp, Commands
from bot.adapters.slack.guard import LATE, PRESS_AGAIN, guarded, told, words_for
from bot.adapters.slack.payloads import (
    ACTIONS,
    REJECTION_VIEW,
    Click,
    Rejection,
    TypedCommand,
    Unusable,
    click_of,
    command_of,
    is_link,
    rejection_of,
    unknown_of,
)
from bot.adapters.slack.trouble import LIBRARY_ERRORS, word_of
from bot.adapters.slack.views import rejection_view, told_view
from bot.domain.errors import ConfigError, Problem
from bot.domain.model import ClickKind, Member
from bot.domain.notices import Message

log = structlog.stdlib.get_logger(__name__)

Ack = Callable[..., Awaitable[Any]]
Body = dict[str, Any]

EVERYTHING = re.compile("")
TOO_MANY_TO_CHOOSE = "There are too many to choose from one by one. Please approve or reject the whole, or ask for a smaller request."
_ANSWER_SECONDS = 2.3
"""Slack waits three seconds for an acknowledgement."""


class Inbound(Protocol):
    """What the bot does with what people type and press. Each call stores and returns; an error that comes
    out means that nothing was stored."""

    async def command(self, typed: TypedCommand) -> Message:
        """The private answer to the command."""

    async def click(self, click: Click) -> Message | None:
        """A private answer, when there is something to say at once. Approve, Cancel and Retry."""

    async def rejection(self, rejection: Rejection) -> Message | None:
        """As click, for a sent reject form."""

    async def choices(self, click: Click) -> tuple[Member, ...] | Message:
        """The members to choose from, read quickly; or why there is nothing to choose."""

    async def chosen(self, chosen: Chosen) -> Message | None:
        """As click, for a sent form of choices."""


def build_app(
    client: AsyncWebClient,
    inbound: Inbound,
    answers: Answers,
    *,
    command: str,
    signing_secret: str | None = None,
    answer_seconds: float = _ANSWER_SECONDS,
) -> BotApp:
    """Bolt with every listener registered. `signing_secret` None is for Socket Mode: then any HTTP request
    is refused. Raises ConfigError for an empty secret. When `inbound` takes longer than `answer_seconds`,
    the person is told so and gets the answer afterwards."""
    if signing_secret is not None and not signing_secret.strip():
        what, instead = "is empty", "copy it from Basic Information on the app's page in Slack"
        raise ConfigError((Problem(where="SLACK_SIGNING_SECRET", what=what, instead=instead),))
    listeners = _Listeners(client, inbound, answers, command, answer_seconds)
    secret = signing_secret or secrets.token_hex(32)
    app = _bare_app(client, secret, Commands(command, listeners.command, signing_secret=secret))
    for kind, action_id in ACTIONS.items():
        pressed = {ClickKind.REJECT: listeners.reject, ClickKind.CHOOSE: listeners.choose}.get(
            kind, listeners.click
        )
        app.action(action_id)(guarded("click")(pressed))
    app.view(REJECTION_VIEW)(guarded("rejection")(listeners.rejection))
    app.view(CHOOSING_VIEW)(guarded("choice")(listeners.chosen))
    app.command(EVERYTHING)(guarded("command")(listeners.unknown_command))
    app.action(EVERYTHING)(guarded("unknown")(listeners.unknown))
    app.shortcut(EVERYTHING)(guarded("unknown")(listeners.unknown))
    app.view(EVERYTHING)(guarded("unknown")(listeners.nothing))
    app.view_closed(EVERYTHING)(guarded("unknown")(listeners.nothing))
    app.event(EVERYTHING)(guarded("unknown")(listeners.nothing))
    return app


def _bare_app(client: AsyncWebClient, signing_secret: str, commands: Commands) -> BotApp:
    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        # No auth.test inside a request: it would cost some of its three seconds.
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=client.token)

    with _without_environment(
        "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_BOT_TOKEN", "SLACK_VERIFICATION_TOKEN"
    ):
        logger = library_logger()
        logger.disabled = True  # Bolt warns of the token that `authorize` makes superfluous
        try:
            return BotApp(
                commands,
                name="imagebot",
                logger=logger,
                client=client,
                authorize=authorize,
                signing_secret=signing_secret,
                process_before_response=True,
                ignoring_self_events_enabled=False,
                attaching_function_token_enabled=False,
            )
        finally:
            logger.disabled = False


@contextmanager
def _without_environment(*names: str) -> Iterator[None]:
    """With a client id and secret in the environment Bolt would turn itself into an OAuth app."""
    taken = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(taken)


class _Listeners:
    def __init__(
        self, client: AsyncWebClient, inbound: Inbound, answers: Answers, command: str, answer_seconds: float
    ) -> None:
        self._client, self._inbound, self._answers = client, inbound, answers
        self._command_word, self._seconds = command, answer_seconds

    async def command(self, body: Mapping[str, Any]) -> Block:
        try:
            return private_answer(await self._obeyed(body))
        except Exception as error:  # a fault in drawing the answer: bare words are drawn by Slack
            return {"response_type": "ephemeral", "text": words_for(error, about="command").text}

    async def _obeyed(self, body: Mapping[str, Any]) -> Message:
        typed = command_of(body)
        if isinstance(typed, Unusable):
            return Message(typed.why)
        to = Address(user=typed.person.user, channel=typed.channel, response_url=typed.response_url)
        return await self._in_time(self._inbound.command(typed), to, "command") or Message("Done.")

    async def unknown_command(self, ack: Ack, body: Body) -> None:
        await ack(
            private_answer(Message(f"This bot answers to {self._command_word} only. Nothing was recorded."))
        )

    async def click(self, ack: Ack, body: Body) -> None:
        click = click_of(body)
        if isinstance(click, Unusable):
            await self._cannot(ack, click)
            return
        to = Address(user=click.person.user, channel=click.channel, response_url=click.response_url)
        message = await self._in_time(self._inbound.click(click), to, "click")
        await ack()
        if message is not None:
            self._answers.send(to, message)

    async def reject(self, ack: Ack, body: Body) -> None:
        click = click_of(body)
        if isinstance(click, Unusable):
            await self._cannot(ack, click)
            return
        await self._open(ack, click, rejection_view(click))

    async def choose(self, ack: Ack, body: Body) -> None:
        click = click_of(body)
        if isinstance(click, Unusable):
            await self._cannot(ack, click)
            return
        found = await self._inbound.choices(click)
        view = None if isinstance(found, Message) else choosing_view(click, found)
        if view is not None:
            await self._open(ack, click, view)
            return
        await ack()
        to = Address(user=click.person.user, channel=click.channel, response_url=click.response_url)
        self._answers.send(to, found if isinstance(found, Message) else Message(TOO_MANY_TO_CHOOSE))

    async def rejection(self, ack: Ack, body: Body) -> None:
        rejection = rejection_of(body)
        if isinstance(rejection, Unusable):
            await self._bad_form(ack, rejection)
            return
        to = Address(user=rejection.person.user, channel=rejection.channel)
        await self._sent(ack, await self._in_time(self._inbound.rejection(rejection), to, "rejection"))

    async def chosen(self, ack: Ack, body: Body) -> None:
        chosen = chosen_of(body)
        if isinstance(chosen, Unusable):
            await self._bad_form(ack, chosen)
            return
        to = Address(user=chosen.person.user, channel=chosen.channel)
        await self._sent(ack, await self._in_time(self._inbound.chosen(chosen), to, "choice"))

    async def _open(self, ack: Ack, click: Click, view: Block) -> None:
        opened = await self._opened(click, view)
        await ack()
        if not opened:
            to = Address(user=click.person.user, channel=click.channel, response_url=click.response_url)
            self._answers.send(to, Message(PRESS_AGAIN))

    async def _bad_form(self, ack: Ack, form: Unusable) -> None:
        if form.field:
            await ack(response_action="errors", errors={form.field: form.why})
        else:
            await ack(response_action="update", view=told_view(Message(form.why)))

    async def _sent(self, ack: Ack, message: Message | None) -> None:
        if message is None:
            await ack()
        else:
            await ack(response_action="update", view=told_view(message))

    async def unknown(self, ack: Ack, body: Body) -> None:
        if is_link(body):
            await ack()
            return
        await self._cannot(ack, unknown_of(body))

    async def nothing(self, ack: Ack, body: Body) -> None:
        await ack()

    async def _cannot(self, ack: Ack, unusable: Unusable) -> None:
        await ack()
        user = unusable.person.user if unusable.person else ""
        to = Address(user=user, channel=unusable.channel, response_url=unusable.response_url)
        self._answers.send(to, Message(unusable.why))

    async def _opened(self, click: Click, view: Block) -> bool:
        try:
            async with asyncio.timeout(self._seconds):
                await self._client.views_open(trigger_id=click.trigger_id, view=view)
        except LIBRARY_ERRORS as error:
            log.warning("form_not_opened", reason=word_of(error) or type(error).__name__)
            return False
        return True

    async def _in_time(self, work: Awaitable[Message | None], to: Address, about: str) -> Message | None:
        """What `work` comes to, if soon enough; else words that say so, and the answer follows later."""
        task = self._answers.start(told(work, about=about))
        done, _ = await asyncio.wait({task}, timeout=self._seconds)
        if done:
            message: Message | None = task.result()
            return message
        self._answers.follow(task, to)
        return Message(LATE)
