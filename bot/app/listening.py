"""The address the bot serves HTTP at: how many may hold a connection there, and for how long without asking anything."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import structlog
from aiohttp import web

log = structlog.get_logger("serve")

IDLE = 75.0
"""Seconds a connection may stay without a whole request head: longer than proxies keep idle ones (a minute), so that it is
they who close."""
TOLD_EVERY = 60.0
_TURNED_AWAY = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class _TurnedAway(asyncio.Protocol):
    """A connection for which there is no room."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(_TURNED_AWAY)
        transport.close()


class CappedSite(web.BaseSite):
    """As aiohttp's TCPSite, for at most `most` connections at the same time; each further one is answered 503 and closed, and
    that is logged once a minute."""

    def __init__(
        self,
        runner: web.BaseRunner,
        host: str,
        port: int,
        *,
        most: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(runner)
        self._host, self._port, self._most, self._monotonic = host, port, most, monotonic
        self._told_at: float | None = None

    @property
    def name(self) -> str:
        return f"http://{self._host}:{self._port}"

    async def start(self) -> None:
        """Raises OSError when the address cannot be listened on."""
        await super().start()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._next, self._host, self._port)

    def _next(self) -> asyncio.BaseProtocol:
        server = self._runner.server
        assert server is not None
        if len(server.connections) < self._most:
            return server()
        now = self._monotonic()
        if self._told_at is None or now - self._told_at >= TOLD_EVERY:
            self._told_at = now
            log.warning("connections_full", most=self._most)
        return _TurnedAway()
