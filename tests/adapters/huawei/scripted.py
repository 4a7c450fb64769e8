"""A server on loopback that gives the ordered answers one after another and keeps what it received. It knows
nothing of any cloud."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(frozen=True, kw_only=True)
class Received:
    method: str
    target: str
    """Path and query exactly as they came over the wire."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    peer: object
    """The connection it came over."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer. `promised` bytes more than are sent are announced, and then the connection is cut."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    promised: int = 0


class Cut:
    """The connection is cut after the request was read."""


class Hang:
    """No answer ever comes."""


class Garbage:
    """Something that is not HTTP."""


Step = Reply | Cut | Hang | Garbage


def says(body: Any, status: int = 200, **headers: str) -> Reply:
    """A JSON answer. Underscores in header names stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, body=json.dumps(body).encode(), headers=named)


@dataclass
class ScriptedServer:
    """Answers with `steps` in turn, then with `always` (HTTP 599 unless ordered: a test must say what it
    expects)."""

    steps: deque[Step] = field(default_factory=deque)
    always: Step = field(default_factory=lambda: Reply(status=599, body=b"nothing was ordered"))
    received: list[Received] = field(default_factory=list)
    url: str = ""
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: web.ServerRunner | None = None

    async def start(self) -> str:
        self._runner = web.ServerRunner(web.Server(self._answer, access_log=None), shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self.url

    async def stop(self) -> None:
        self._stopping.set()
        if self._runner is not None:
            await self._runner.cleanup()

    def then(self, *steps: Step) -> None:
        self.steps.extend(steps)

    def bodies(self) -> list[Any]:
        return [json.loads(one.body) for one in self.received if one.body]

    def targets(self) -> list[str]:
        return [f"{one.method} {one.target}" for one in self.received]

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.read()
        assert request.transport is not None
        received = Received(
            method=request.method,
            target=request.raw_path,
            headers=headers,
            body=body,
            peer=request.transport.get_extra_info("peername"),
        )
        self.received.append(received)
        step = self.steps.popleft() if self.steps else self.always
        if isinstance(step, Reply):
            return await self._reply(request, step)
        assert request.transport is not None
        if isinstance(step, Hang):
            await self._stopping.wait()
        if isinstance(step, Garbage):
            request.transport.write(b"\x00\x01 this is no HTTP \r\n\r\n")
            request.transport.close()
        else:
            request.transport.abort()
        return web.Response()

    async def _reply(self, request: web.BaseRequest, step: Reply) -> web.StreamResponse:
        if not step.promised:
            return web.Response(status=step.status, body=step.body, headers=step.headers)
        response = web.StreamResponse(status=step.status, headers=step.headers)
        response.content_length = len(step.body) + step.promised
        await response.prepare(request)
        await response.write(step.body)
        assert request.transport is not None
        request.transport.abort()
        return response
