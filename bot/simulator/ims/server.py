"""One request from the wire to the answer: recorded, spoilt by a fault, let in, served, given a request id.

The only file that moves bytes. What an endpoint does stands in routes and identity.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from aiohttp import web

from bot.simulator.ims import identity
from bot.simulator.ims.answers import RefusedError, gateway
from bot.simulator.ims.cloud import Cloud
from bot.simulator.ims.faults import WIRE, Fault, refusal
from bot.simulator.ims.records import Call
from bot.simulator.ims.routes import CALLER, Routes
from bot.simulator.ims.signing import Received, query_pairs

CONTROL = "/sim/"
"""Below it everything is ours: not recorded, not spoilt, not signed."""
_PAGE = "<!DOCTYPE html><html><body><h1>Please sign in</h1></body></html>"
_KEPT_CALLS = 50_000
_BODY_LIMIT = 12 * 2**20
"""The gateway's limit for signed bodies (API Signing Guide)."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Server:
    cloud: Cloud
    control: list[web.RouteDef]
    _runner: web.AppRunner | None = None
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self, port: int) -> str:
        """The base url, once it listens on 127.0.0.1."""
        self._stopping.clear()
        app = web.Application(middlewares=[self._serve], client_max_size=_BODY_LIMIT)
        app.add_routes(Routes(self.cloud).table())
        app.add_routes(identity.Identity(self.cloud).table())
        app.add_routes(self.control)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Hanging requests are cut. Safe to call twice."""
        self._stopping.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @web.middleware
    async def _serve(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(CONTROL):
            return await handler(request)
        received = await self._receive(request)
        call = self._record(request, received)
        fault = self.cloud.faults.take(f"{call.method} {call.path}", WIRE)
        response: web.StreamResponse | None = None
        if fault is None or fault.after:
            response = await self._answer(request, received, handler, call)
        if fault is not None:
            response = await self._spoil(fault, call)
        if response is None:
            return self._cut(request)
        response.headers["X-Request-Id"] = call.request_id
        call.status = response.status
        return response

    async def _receive(self, request: web.Request) -> Received:
        path, _, query = request.raw_path.partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        return Received(
            method=request.method, path=path, query=query, headers=headers, body=await request.read()
        )

    def _record(self, request: web.Request, received: Received) -> Call:
        if len(self.cloud.calls) >= _KEPT_CALLS:
            del self.cloud.calls[: _KEPT_CALLS // 5]
        call = Call(
            method=received.method,
            path=request.path,
            query=dict(query_pairs(received.query)),
            body=_readable(received.body),
            at=self.cloud.world.now(),
            request_id=uuid4().hex,
        )
        self.cloud.calls.append(call)
        return call

    async def _answer(
        self, request: web.Request, received: Received, handler: Handler, call: Call
    ) -> web.StreamResponse:
        self.cloud.desk.settle()
        try:
            if request.match_info.http_exception is not None:
                raise gateway("APIGW.0101")
            if request.path != identity.PATH:
                request[CALLER] = self.cloud.gate.admit(received)
            response = await handler(request)
        except RefusedError as refused:
            response = _refused(refused, call.request_id)
        self.cloud.desk.settle()
        return response

    async def _spoil(self, fault: Fault, call: Call) -> web.StreamResponse | None:
        """What the client gets instead of the answer; None: nothing, the connection is cut."""
        if fault.name == "hang":
            await self._stopping.wait()
            return None
        if fault.name == "lose_answer":
            return None
        refused = refusal(fault)
        if refused is not None:
            return _refused(refused, call.request_id)
        status = int(fault.argument or 200)
        if fault.name == "html":
            return web.Response(status=status, text=_PAGE, content_type="text/html")
        return web.Response(status=status)

    def _cut(self, request: web.Request) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()


def _refused(refused: RefusedError, request_id: str) -> web.Response:
    body = dict(refused.body)
    if "request_id" in body:
        body["request_id"] = request_id
    return web.json_response(body, status=refused.status, headers=refused.headers)


def _readable(body: bytes) -> Any:
    """The JSON of a body without its passwords, its text when it is none, None when it is empty."""
    if not body:
        return None
    try:
        return _masked(json.loads(body))
    except ValueError:
        return body.decode("utf-8", "replace")


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        hidden = {name for name, inner in value.items() if name == "password" and isinstance(inner, str)}
        return {name: "***" if name in hidden else _masked(inner) for name, inner in value.items()}
    return [_masked(inner) for inner in value] if isinstance(value, list) else value
