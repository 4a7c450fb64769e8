"""Slack, outward: implements bot.ports.Chat over Slack's Web API. Each call is made once; retrying is the
worker's business. Lives here: which call is made. What is drawn is in `blocks`, what errors mean in
`trouble`, how fast in `pacing`.

Methods: https://docs.slack.dev/reference/methods/chat.postMessage, chat.update, chat.postEphemeral.
"""

from __future__ import annotations

from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.blocks import Drawing, drawn, private_answer
from bot.adapters.slack.client import proxy_for
from bot.adapters.slack.pacing import Pacer
from bot.adapters.slack.trouble import LIBRARY_ERRORS, REFUSED_SHAPE, retry_after_of, translated, word_of
from bot.domain.errors import ChatBusyError, ChatCutError, NotReachableError
from bot.domain.model import MessageRef
from bot.domain.notices import Message

log = structlog.stdlib.get_logger(__name__)

_QUIET: dict[str, Any] = {"unfurl_links": False, "unfurl_media": False, "parse": "none"}


class SlackChat:
    """Speaks through a client of `client.slack_client`, whose session it also uses for response_urls."""

    def __init__(self, client: AsyncWebClient, *, pacer: Pacer | None = None) -> None:
        self._client = client
        self._pacer = pacer or Pacer()

    async def post(
        self, channel: str, message: Message, *, thread: str | None = None, mark: str = ""
    ) -> MessageRef:
        """As Chat.post. The channel of what comes back is Slack's: for a user id, that of the direct
        message."""
        place = {"channel": channel} | ({"thread_ts": thread} if thread else {})
        data = await self._say("chat.postMessage", channel, drawn(message, mark=mark), {**place, **_QUIET})
        where, ts = data.get("channel"), data.get("ts")
        if not isinstance(ts, str):
            raise ChatCutError("Slack took the message and did not say where it stands.")
        return MessageRef(channel=where if isinstance(where, str) else channel, ts=ts)

    async def update(self, ref: MessageRef, message: Message) -> None:
        place = {"channel": ref.channel, "ts": ref.ts, "parse": "none"}
        await self._say("chat.update", ref.channel, drawn(message), place, repeatable=True)

    async def whisper(self, channel: str, user: str, message: Message) -> None:
        place = {"channel": channel, "user": user, "parse": "none"}
        await self._say("chat.postEphemeral", channel, drawn(message), place)

    async def respond(self, response_url: str, message: Message) -> bool:
        """As Chat.respond: False when Slack answers 4xx (used up: five times, or older than 30 minutes)."""
        if not response_url.startswith(("https://", "http://")):
            return False
        session = self._client.session
        if session is None:
            raise ChatBusyError("The connection to Slack is closed.")
        try:
            async with session.post(
                response_url,
                json=private_answer(message),
                proxy=proxy_for(response_url),
                allow_redirects=False,
            ) as answer:
                status, wait = answer.status, answer.headers.get("Retry-After", "")
        except aiohttp.InvalidURL:
            return False
        except LIBRARY_ERRORS as error:
            # `from None`: the cause's text holds the address, which is a bearer secret.
            raise translated(error, repeatable=False) from None
        if status == 429:
            raise ChatBusyError(retry_after=float(wait) if wait.isdecimal() else None)
        if status >= 500:
            raise ChatCutError
        return status < 300

    async def _say(
        self, method: str, channel: str, drawing: Drawing, place: dict[str, Any], *, repeatable: bool = False
    ) -> dict[str, Any]:
        """The answer's data. A drawing that Slack refuses is said again, once, as bare text: people must
        get to know."""
        try:
            return await self._call(
                method, channel, {**place, "text": drawing.text, "blocks": drawing.blocks}
            )
        except LIBRARY_ERRORS as error:
            word = word_of(error)
            if word not in REFUSED_SHAPE:
                raise self._told(error, method, channel, repeatable) from error
        log.error("slack_refused_a_drawing", method=method, word=word, blocks=len(drawing.blocks))
        try:
            return await self._call(method, channel, {**place, "text": drawing.bare_text, "mrkdwn": False})
        except LIBRARY_ERRORS as error:
            raise self._told(error, method, channel, repeatable) from error

    async def _call(self, method: str, channel: str, arguments: dict[str, Any]) -> dict[str, Any]:
        await self._pacer.turn(method, channel)
        response = await self._client.api_call(method, json=arguments)
        return response.data if isinstance(response.data, dict) else {}

    def _told(self, error: BaseException, method: str, channel: str, repeatable: bool) -> Exception:
        mine = translated(error, repeatable=repeatable)
        if isinstance(mine, ChatBusyError) and isinstance(error, SlackApiError):
            self._pacer.rest(method, channel, retry_after_of(error) or 0.0)
        if isinstance(mine, NotReachableError):
            log.info("slack_not_reachable", method=method, channel=channel, reason=mine.reason)
        return mine
