"""Socket Mode: one-time addresses, hello, envelopes and their acknowledgements, refreshes and breakdowns.

Follows docs.slack.dev/apis/events-api/using-socket-mode. Of several connections each payload goes to one.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from bot.simulator.slack.model import Json
from bot.simulator.slack.workspace import Workspace

MOST = 10
_CONNECTION_SECONDS = 18_060


@dataclass(kw_only=True, eq=False)
class Connection:
    ws: web.WebSocketResponse
    request: web.Request
    deaf: asyncio.Event = field(default_factory=asyncio.Event)
    leaving: bool = False
    """Told to go: open still, but given nothing more."""

    @property
    def open(self) -> bool:
        """Whether Slack takes it for open: a deaf one too, until the other side hangs up."""
        transport = self.request.transport
        return not self.ws.closed and transport is not None and not transport.is_closing()


@dataclass(frozen=True, kw_only=True)
class SocketAck:
    """`answered` is False for no acknowledgement; `body` is the payload that came with it."""

    answered: bool
    body: Any = None


class SocketMode:
    """GET /link is the websocket; `deliver` sends one envelope and waits for its acknowledgement."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.base = ""
        self.connections: list[Connection] = []
        self.stray_acks: list[Json] = []
        self._tickets: set[str] = set()
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._turn = 0
        self.closing = asyncio.Event()

    def connect(self) -> Json:
        """The answer to apps.connections.open: an address good for one connection."""
        ticket = secrets.token_urlsafe(12)
        self._tickets.add(ticket)
        return {"url": f"{self.base}/link?ticket={ticket}&app_id={self.workspace.app_id}"}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=401, text="invalid ticket")
        self._tickets.discard(ticket)
        ws = web.WebSocketResponse(heartbeat=None, max_msg_size=1_000_000, timeout=1.0)
        await ws.prepare(request)
        if len(self.connections) >= MOST:
            await ws.send_json(self._goodbye("too_many_websockets"))
            await ws.close()
            return ws
        connection = Connection(ws=ws, request=request)
        self.connections.append(connection)
        try:
            await ws.send_json(self._hello())
            self.workspace.changed()
            await self._listen(connection)
        except ConnectionError:
            pass  # gone before the greeting was out
        finally:
            self._forget(connection)
        return ws

    def _forget(self, connection: Connection) -> None:
        if connection in self.connections:
            self.connections.remove(connection)
        self.workspace.changed()

    async def _listen(self, connection: Connection) -> None:
        """Reads until the connection ends. Through a deaf one nothing goes any more, not even a pong."""
        while True:
            reading = asyncio.ensure_future(connection.ws.receive())
            deaf = asyncio.ensure_future(connection.deaf.wait())
            try:
                await asyncio.wait({reading, deaf}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                deaf.cancel()
                if not reading.done():
                    reading.cancel()
            if not reading.done() or reading.cancelled():
                await self.closing.wait()
                return
            message = reading.result()
            if message.type is not WSMsgType.TEXT:
                return
            self._acknowledge(message.data)

    def _acknowledge(self, text: str) -> None:
        try:
            ack = json.loads(text)
        except ValueError:
            ack = {"unreadable": text}
        future = self._waiting.get(str(ack.get("envelope_id"))) if isinstance(ack, dict) else None
        if future is None or future.done():
            self.stray_acks.append(ack if isinstance(ack, dict) else {"unreadable": ack})
        else:
            future.set_result(ack.get("payload"))

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "debug_info": {
                "host": "applink-sim",
                "build_number": 1,
                "approximate_connection_time": _CONNECTION_SECONDS,
            },
            "connection_info": {"app_id": self.workspace.app_id},
        }

    @staticmethod
    def _goodbye(reason: str) -> Json:
        return {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-sim"}}

    @property
    def ready(self) -> list[Connection]:
        """Connections that may be given a payload."""
        return [one for one in self.connections if not one.leaving and one.open]

    async def deliver(self, kind: str, payload: Json, *, accepts: bool, seconds: float) -> SocketAck | None:
        """None when no connection is open; otherwise what came back within so many seconds."""
        ready = self.ready
        if not ready:
            return None
        self._turn += 1
        chosen = ready[self._turn % len(ready)]
        envelope_id = secrets.token_hex(16)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = future
        envelope = {
            "envelope_id": envelope_id,
            "type": kind,
            "accepts_response_payload": accepts,
            "payload": payload,
        }
        try:
            async with asyncio.timeout(seconds):
                if not chosen.deaf.is_set():
                    await chosen.ws.send_json(envelope)
                body = await future
            return SocketAck(answered=True, body=body if accepts else None)
        except (TimeoutError, ConnectionError):
            return SocketAck(answered=False)
        finally:
            del self._waiting[envelope_id]

    async def disconnect(self, reason: str) -> None:
        """All present connections: "abrupt" and "deaf" are breakdowns, other words Slack's own reasons."""
        for one in list(self.connections):
            if reason == "deaf":
                one.deaf.set()
            elif reason == "abrupt":
                self._forget(one)
                if one.request.transport is not None:
                    one.request.transport.abort()
            else:
                await self._say_goodbye(one, reason)

    async def _say_goodbye(self, one: Connection, reason: str) -> None:
        try:
            await one.ws.send_json(self._goodbye(reason))
            if reason != "warning":  # after a warning the connection lives on for some ten seconds
                one.leaving = True
                await one.ws.close()
        except ConnectionError:
            self._forget(one)

    async def stop(self) -> None:
        self.closing.set()
        for one in list(self.connections):
            if one.deaf.is_set() and one.request.transport is not None:
                one.request.transport.abort()
            else:
                await one.ws.close()
