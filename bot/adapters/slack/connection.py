"""One web socket of Socket Mode: reads, hands over, acknowledges, and says when it has to be replaced. Which
connections there are is the business of `socket`.

Follows https://docs.slack.dev/apis/events-api/using-socket-mode.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import structlog
from aiohttp import ClientWebSocketResponse, WSMsgType
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.response import BoltResponse

from bot.adapters.slack.intake import dispatched

log = structlog.stdlib.get_logger(__name__)

_AT_ONCE = 100


@dataclass(frozen=True, kw_only=True)
class SocketPatience:
    """Seconds. A connection with no frame at all for `deaf_after`, not even the answer to a ping, is
    replaced."""

    ping_every: float = 10.0
    deaf_after: float = 30.0
    hello_within: float = 10.0
    retry_from: float = 1.0
    retry_to: float = 60.0
    linger: float = 20.0
    """How long a connection that Slack warned of is still read after the next one is open: until Slack
    ends it, some ten seconds later, it may be given payloads."""
    drain: float = 5.0

    @classmethod
    def within(cls, deaf_after: float) -> SocketPatience:
        """The usual ones, but deaf after so many seconds; three pings are sent before that."""
        return cls(deaf_after=deaf_after, ping_every=min(cls.ping_every, deaf_after / 3))


class Connection:
    """One web socket: reads, hands over, acknowledges."""

    def __init__(
        self, ws: ClientWebSocketResponse, bolt: AsyncApp, patience: SocketPatience, heard: Callable[[], None]
    ) -> None:
        self._ws, self._bolt, self._patience, self._heard = ws, bolt, patience, heard
        self._work: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(_AT_ONCE)
        self.hello = asyncio.Event()
        self.leaving = asyncio.Event()
        """Set when this connection has to be replaced: Slack said so, it broke, or it is deaf."""
        self.reason = ""
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._ping())]

    async def retire(self) -> None:
        """For a connection that has been replaced: read until Slack ends it, then closed."""
        await asyncio.wait({self._tasks[0]}, timeout=self._patience.linger)
        await self.close(self._patience.drain)

    async def close(self, drain: float) -> None:
        """Takes nothing more, finishes and acknowledges what was taken, then closes."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._work:
            await asyncio.wait(set(self._work), timeout=drain)
        for late in set(self._work):
            late.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
            async with asyncio.timeout(2.0):
                await self._ws.close()

    def _leave(self, reason: str) -> None:
        self.reason = self.reason or reason
        self.leaving.set()

    async def _listen(self) -> None:
        try:
            while True:
                frame = await self._ws.receive(timeout=self._patience.deaf_after)
                if frame.type is WSMsgType.TEXT:
                    await self._take(frame.data)
                elif frame.type is WSMsgType.PING:
                    await self._ws.pong(frame.data)
                elif frame.type is not WSMsgType.PONG:
                    self._leave("the connection was closed")
                    return
        except TimeoutError:
            self._leave("nothing was heard on the connection, not even the answer to a ping")
        except (aiohttp.ClientError, OSError) as error:
            self._leave(f"the connection broke ({type(error).__name__})")

    async def _ping(self) -> None:
        with contextlib.suppress(aiohttp.ClientError, OSError):
            while True:
                await asyncio.sleep(self._patience.ping_every)
                await self._ws.ping()

    async def _take(self, text: str) -> None:
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            return
        if not isinstance(message, dict):
            return
        self._heard()
        kind, envelope = message.get("type"), message.get("envelope_id")
        if kind == "hello":
            self.hello.set()
        elif kind == "disconnect":
            self._leave(f"Slack asked for a new connection ({message.get('reason', 'no reason')})")
        elif isinstance(envelope, str) and isinstance(message.get("payload"), dict):
            await self._room.acquire()
            task = asyncio.create_task(self._answer(envelope, message["payload"]))
            self._work.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        self._room.release()

    async def _answer(self, envelope: str, payload: dict[str, Any]) -> None:
        said = await dispatched(self._bolt, payload)
        if said.status != 200:
            log.error(
                "socket_payload_not_acknowledged", status=said.status, type=payload.get("type", "command")
            )
            return
        try:
            await self._ws.send_str(json.dumps({"envelope_id": envelope} | _payload(said)))
        except (aiohttp.ClientError, OSError) as error:
            log.error("socket_acknowledgement_lost", error=type(error).__name__)


def _payload(said: BoltResponse) -> dict[str, Any]:
    if not said.body:
        return {}
    if said.headers.get("content-type", [""])[0].startswith("application/json"):
        return {"payload": json.loads(said.body)}
    return {"payload": {"text": said.body}}
