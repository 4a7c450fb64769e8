"""Slack, outward: implements bot.ports.Chat over Slack's Web API. Each call is made once; retrying is the
worker's business. Lives here: which call is made. What is drawn is in `blocks`, what errors mean in
`trouble`, how fast in `pacing`.

Methods: https://docs.slack.dev/reference/methods/chat.postMessage, chat.update, chat.postEphemeral. Every message carries the
name of its notice as metadata (https://docs.slack.dev/messaging/message-metadata), and nothing else: anybody in the workspace may
read it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.blocks import Drawing, drawn, private_answer
from bot.adapters.slack.client import is_answer_address, proxy_for
from bot.adapters.slack.memory import EVENT, Looks
from bot.adapters.slack.pacing import Pacer
from bot.adapters.slack.trouble import (
    LIBRARY_ERRORS,
    REFUSED_SHAPE,
    is_too_fast,
    retry_after_of,
    translated,
    word_of,
)
from bot.domain.errors import ChatBusyError, ChatCutError, NotReachableError
from bot.domain.model import MessageRef
from bot.domain.notices import Message

log = structlog.stdlib.get_logger(__name__)

_QUIET: dict[str, Any] = {"unfurl_links": False, "unfurl_media": False, "parse": "none"}


class SlackChat:
    """Speaks through a client of `client.slack_client`, whose session it also uses for response_urls."""

    def __init__(self, client: AsyncWebClient, *, pacer: Pacer | None = None, workspace: str = "") -> None:
        """`workspace`: its web address, as auth.test names it; without it messages have no address."""
        self._client = client
        self._pacer = pacer or Pacer()
        self._workspace = workspace.rstrip("/") if workspace.startswith("https://") else ""
        self._looks = Looks()

    async def post(
        self, channel: str, message: Message, *, thread: str | None = None, mark: str = "", key: str = ""
    ) -> MessageRef:
        """As Chat.post. The channel of what comes back is Slack's: for a user id, that of the direct
        message."""
        place: dict[str, Any] = {"channel": channel} | ({"thread_ts": thread} if thread else {})
        if key:
            place["metadata"] = {"event_type": EVENT, "event_payload": {"key": key}}
        data = await self._say("chat.postMessage", channel, drawn(message, mark=mark), {**place, **_QUIET})
        where, ts = data.get("channel"), data.get("ts")
        if not isinstance(ts, str):
            raise ChatCutError("Slack took the message and did not say where it stands.")
        return MessageRef(channel=where if isinstance(where, str) else channel, ts=ts)

    async def find(
        self, channel: str, key: str, *, since: datetime, thread: str | None = None
    ) -> MessageRef | None:
        """As Chat.find. Needs one of the optional scopes of the manifest; that it lacks is asked once."""
        where = self._looks.where(channel, thread, since)
        try:
            for _ in range(self._looks.pages):
                data = await self._call(where.method, channel, where.arguments)
                if (ts := self._looks.found(data, key)) is not None:
                    return MessageRef(channel=channel, ts=ts)
                if not where.goes_on(data):
                    return None
        except LIBRARY_ERRORS as error:
            told = self._told(error, where.method, channel, repeatable=True)
            if isinstance(told, ChatBusyError):
                raise told from error
            word = word_of(error)
            if word == "missing_scope":
                self._looks.not_granted(channel)
                log.info("slack_cannot_look", channel=channel)
            # Whatever else keeps it from looking: the message then says itself that it may stand there twice.
            raise NotReachableError(reason=word) from error
        raise NotReachableError(reason="too_much_to_look_through")

    def address(self, ref: MessageRef) -> str:
        """As Chat.address: the form of chat.getPermalink, which need not be called for it."""
        digits = ref.ts.replace(".", "")
        return (
            f"{self._workspace}/archives/{ref.channel}/p{digits}"
            if self._workspace and digits.isdigit()
            else ""
        )

    async def update(self, ref: MessageRef, message: Message) -> None:
        place = {"channel": ref.channel, "ts": ref.ts, "parse": "none"}
        await self._say("chat.update", ref.channel, drawn(message), place, repeatable=True)

    async def whisper(self, channel: str, user: str, message: Message) -> None:
        place = {"channel": channel, "user": user, "parse": "none"}
        await self._say("chat.postEphemeral", channel, drawn(message), place)

    async def respond(self, response_url: str, message: Message) -> bool:
        """As Chat.respond: False when Slack answers 4xx (used up: five times, or older than 30 minutes), and
        for an address that is not Slack's."""
        if not is_answer_address(response_url, self._client.base_url):
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
        async with self._pacer.calling(method, channel):
            try:
                response = await self._client.api_call(method, json=arguments)
            except SlackApiError as error:
                # Before the next call of this method begins: no call is made that this answer forbids.
                if is_too_fast(error):
                    self._pacer.rest(method, channel, retry_after_of(error) or 1.0)
                raise
        return response.data if isinstance(response.data, dict) else {}

    def _told(self, error: BaseException, method: str, channel: str, repeatable: bool) -> Exception:
        mine = translated(error, repeatable=repeatable)
        if isinstance(mine, NotReachableError):
            log.info("slack_not_reachable", method=method, channel=channel, reason=mine.reason)
        return mine
