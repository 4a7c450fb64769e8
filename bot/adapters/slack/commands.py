"""The slash command's own way: verified with the SDK's verifier, read, answered. Bolt's requests, contexts, searches for a
listener and the dozens of arguments it prepares for one would take longer than storing the request; a command needs none
of them. Lives here: when. What is done with a command is the listener's; everything but the command is Bolt's.

Follows https://docs.slack.dev/authentication/verifying-requests-from-slack and
https://docs.slack.dev/tools/bolt-python/concepts/global-middleware.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier

Body = Mapping[str, Any]
Answer = Mapping[str, Any]
"""What Slack shows to the person who typed, as its JSON."""
Listener = Callable[[Body], Awaitable[Answer]]


class Commands:
    """Whose the command is, whether it was signed just now, and its answer."""

    def __init__(self, word: str, listener: Listener, *, signing_secret: str) -> None:
        """`listener` gives the answer; nothing may come out of it."""
        self._word, self._listener = word, listener
        self._verifier = SignatureVerifier(signing_secret)

    def own(self, body: Body) -> bool:
        """Whether the body is this bot's command."""
        return body.get("command") == self._word

    def signed(self, raw: str, *, stamp: str, signature: str) -> bool:
        """Whether Slack signed exactly this text within the last five minutes."""
        return self._verifier.is_valid(raw, stamp, signature)

    async def answer(self, body: Body) -> Answer:
        """Once the command is stored, or why it is not. Never raises."""
        return await self._listener(body)


class BotApp(AsyncApp):
    """Bolt's app, and the command that goes round it."""

    def __init__(self, commands: Commands, **settings: Any) -> None:
        """`settings` are AsyncApp's. A command that comes to Bolt all the same (by the socket, where nothing is signed) is
        served as soon as Bolt's own checks are done."""
        self.commands = commands
        super().__init__(before_authorize=_CommandFirst(commands), **settings)


class _CommandFirst(AsyncMiddleware):
    """For Bolt's `before_authorize`, which stands behind the check of the signature and before everything else."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def async_process(
        self, *, req: AsyncBoltRequest, resp: BoltResponse, next: Callable[[], Awaitable[Any]]
    ) -> BoltResponse | None:
        if not self._commands.own(req.body):
            await next()
            return resp
        ack = req.context.ack
        await ack(dict(await self._commands.answer(req.body)))
        return ack.response or BoltResponse(status=200)
