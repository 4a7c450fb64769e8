"""The door for Slack's HTTP requests: `POST /slack/events` for commands, clicks, forms and events. It bounds
what an unsigned stranger can make the bot do: whether a body is signed is decided over its raw bytes by the SDK's verifier,
before anything of it is parsed.

Follows https://docs.slack.dev/authentication/verifying-requests-from-slack.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable

import structlog
from aiohttp import web

from bot.adapters.slack.commands import BotApp
from bot.adapters.slack.intake import UnreadableBodyError, dispatched, parsed, trimmed

log = structlog.stdlib.get_logger(__name__)

PATH = "/slack/events"
MAX_BODY = 1024 * 1024
_MAX_UNSIGNED_BODY = 4 * 1024
_READ_SECONDS = 2.0
_CHUNK = 64 * 1024
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")


def add_routes(
    app: web.Application,
    bolt: BotApp,
    *,
    max_body: int = MAX_BODY,
    read_seconds: float = _READ_SECONDS,
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Serves Slack on `app`. 401 for what is not signed by Slack just now, 429 for more of that than ten a
    second, 413 and 408 for a body that is too big or too slow, 400 for one that is no payload. Signed
    requests are never held up by unsigned ones."""
    door = _Door(bolt, max_body, read_seconds, _Strangers(monotonic))
    app.router.add_post(PATH, door.events)


class _Strangers:
    """How many unsigned requests are answered and logged one by one; the rest are cut short."""

    def __init__(self, monotonic: Callable[[], float], per_second: float = 10.0, burst: float = 20.0) -> None:
        self._monotonic, self._per_second, self._burst = monotonic, per_second, burst
        self._tokens, self._at = burst, monotonic()

    def answer(self, why: str) -> web.Response:
        now = self._monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        too_many = self._tokens < 1
        if not too_many:
            self._tokens -= 1
            log.warning("unsigned_request_refused", reason=why)
        return _closing(429 if too_many else 401, "not signed by Slack")


class _Door:
    def __init__(self, bolt: BotApp, max_body: int, read_seconds: float, strangers: _Strangers) -> None:
        self._bolt, self._max_body, self._read_seconds = bolt, max_body, read_seconds
        self._strangers = strangers

    async def events(self, request: web.Request) -> web.Response:
        stamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        if not signature:
            return await self._unsigned(request)
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
            return self._strangers.answer("the timestamp is not a number")
        if _SIGNATURE.fullmatch(signature) is None:  # comparing it would raise for some of these
            return self._strangers.answer("the signature is none")
        raw = await self._read(request, self._max_body)
        if isinstance(raw, web.Response):
            return raw
        return await self._signed(request, raw, stamp, signature)

    async def _signed(self, request: web.Request, raw: bytes, stamp: str, signature: str) -> web.Response:
        try:
            text = raw.decode("utf-8")
            # Before parsing: of a megabyte of JSON the signature is checked in one millisecond, and it is parsed in two hundred.
            if not self._bolt.commands.signed(text, stamp=stamp, signature=signature):
                return self._strangers.answer("the signature is wrong or old")
            body = parsed(text, request.content_type)
        except (UnicodeDecodeError, UnreadableBodyError):
            return _closing(400, "no payload in the body")
        if self._bolt.commands.own(body):
            return web.Response(
                body=json.dumps(await self._bolt.commands.answer(trimmed(body))).encode(),
                content_type="application/json",
            )
        said = await dispatched(self._bolt, body)
        kind = said.headers.get("content-type", ["text/plain"])[0].partition(";")[0]
        return web.Response(status=said.status, text=said.body, content_type=kind)

    async def _unsigned(self, request: web.Request) -> web.Response:
        """Slack's own check of the certificate (ssl_check=1) gets a 200 and has no effect; all else a 401."""
        if (request.content_length or _MAX_UNSIGNED_BODY + 1) <= _MAX_UNSIGNED_BODY:
            raw = await self._read(request, _MAX_UNSIGNED_BODY)
            if isinstance(raw, bytes) and b"ssl_check=1" in raw.split(b"&"):
                return web.Response()
        return self._strangers.answer("there is no signature")

    async def _read(self, request: web.Request, limit: int) -> bytes | web.Response:
        if (request.content_length or 0) > limit:
            return _closing(413, "the body is too big")
        if request.content.is_eof():  # all of it came with the headers, as most do: nothing to wait for
            whole = request.content.read_nowait()
            return _closing(413, "the body is too big") if len(whole) > limit else whole
        pieces: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._read_seconds):
                while piece := await request.content.read(_CHUNK):
                    size += len(piece)
                    if size > limit:
                        return _closing(413, "the body is too big")
                    pieces.append(piece)
        except TimeoutError:
            return _closing(408, "the body came too slowly")
        return b"".join(pieces)


def _closing(status: int, text: str) -> web.Response:
    """An answer after which the connection ends, as its body may not have been read."""
    response = web.Response(status=status, text=text)
    response.force_close()
    return response
