"""Socket Mode: Slack's requests over a connection we open. A new connection is opened before the old one is
left, a deaf one is replaced, a refused token is said plainly, and closing stops taking first and then
finishes what was taken.

The SDK's own client closes the old connection before it opens the next and reconnects for ever without a
word; so the connection is kept here, over aiohttp. Follows
https://docs.slack.dev/apis/events-api/using-socket-mode.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

import aiohttp
import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.client import proxy_for
from bot.adapters.slack.connection import Connection, SocketPatience
from bot.adapters.slack.trouble import LIBRARY_ERRORS, translated
from bot.domain.errors import BotError, ChatAuthError, ChatBusyError
from bot.ports import Clock

log = structlog.stdlib.get_logger(__name__)

_MAX_MESSAGE = 8 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class SocketHealth:
    """`connected` once Slack said hello on a connection that still answers pings."""

    connected: bool
    last_message_at: datetime | None
    reconnects: int
    trouble: str = ""
    """Why it is not connected, in one sentence."""
    open: int = 0
    """How many connections are."""
    last_change: str = ""
    """Why a connection was replaced last."""


async def open_url(client: AsyncWebClient, app_token: str) -> str:
    """A one-time address for a connection. Raises ChatAuthError with a plain sentence when the token is
    refused."""
    try:
        response = await client.apps_connections_open(app_token=app_token)
    except LIBRARY_ERRORS as error:
        mine = translated(error, repeatable=True)
        if isinstance(mine, ChatAuthError):
            raise ChatAuthError(
                f"{mine.message} SLACK_APP_TOKEN must be an app-level token (xapp-...) with the scope "
                "connections:write, and Socket Mode must be switched on for the app."
            ) from None
        raise mine from None
    return str(response.get("url", ""))


class _Place:
    """One of the connections that are kept: the one that is there now, and what became of those before it."""

    def __init__(self, runner: SocketRunner) -> None:
        self._runner = runner
        self.current: Connection | None = None
        self.reconnects = 0
        self.trouble = ""
        self._leavers: dict[Connection, asyncio.Task[None]] = {}

    @property
    def up(self) -> bool:
        return self.current is not None and self.current.hello.is_set() and not self.current.leaving.is_set()

    async def keep(self) -> None:
        """Opens the next connection when the present one has to be left, and only then leaves it."""
        while True:
            old = self.current
            if old is not None:
                await old.leaving.wait()
                self.trouble = self._runner.last_change = old.reason
                log.info("socket_changes", reason=old.reason)
            self.current = await self._next()
            self.trouble = ""
            if old is not None:
                self.reconnects += 1
                self._leavers[old] = asyncio.create_task(self._retire(old))

    async def close(self) -> None:
        """All of them, those that linger too."""
        for leaver in self._leavers.values():
            leaver.cancel()
        await asyncio.gather(*self._leavers.values(), return_exceptions=True)
        there = [*self._leavers, *([self.current] if self.current is not None else [])]
        self.current, self._leavers = None, {}
        await asyncio.gather(*(one.close(self._runner.patience.drain) for one in there))

    async def _retire(self, old: Connection) -> None:
        await old.retire()
        del self._leavers[old]

    async def _next(self) -> Connection:
        patience = self._runner.patience
        wait = patience.retry_from
        while True:
            try:
                return await self._runner.connected()
            except BotError as error:
                self.trouble = error.message
                log.error(
                    "socket_not_connected", error=type(error).__name__, message=error.message, retry_in=wait
                )
                await asyncio.sleep(max(wait, getattr(error, "retry_after", None) or 0.0))
                wait = min(wait * 2, patience.retry_to)


class SocketRunner:
    """Keeps `connections` open to Slack, which gives each payload to any one of them: while one is
    changed, the other is there (https://docs.slack.dev/apis/events-api/using-socket-mode: up to ten for an
    app)."""

    def __init__(
        self,
        bolt: AsyncApp,
        client: AsyncWebClient,
        *,
        app_token: str,
        clock: Clock,
        patience: SocketPatience | None = None,
        connections: int = 2,
    ) -> None:
        self.bolt, self.patience = bolt, patience or SocketPatience()
        self._client, self._app_token, self._clock = client, app_token, clock
        self._places = [_Place(self) for _ in range(connections)]
        self._keepers: list[asyncio.Task[None]] = []
        self._last_message_at: datetime | None = None
        self.last_change = ""

    async def start(self) -> None:
        """Connected when it returns; the further connections follow. Raises ChatAuthError when Slack
        refuses the token, ChatBusyError when it cannot be reached; nothing runs then."""
        self._places[0].current = await self.connected()
        self._keepers = [asyncio.create_task(place.keep()) for place in self._places]

    def health(self) -> SocketHealth:
        troubles = [place.trouble for place in self._places if place.trouble]
        connected = any(place.up for place in self._places)
        return SocketHealth(
            connected=connected,
            last_message_at=self._last_message_at,
            reconnects=sum(place.reconnects for place in self._places),
            trouble="" if connected else next(iter(troubles), ""),
            open=sum(place.up for place in self._places),
            last_change=self.last_change,
        )

    def _heard(self) -> None:
        self._last_message_at = self._clock.now()

    async def close(self) -> None:
        """Takes nothing more, finishes what was taken, closes. Safe to call twice."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        self._keepers = []
        await asyncio.gather(*(place.close() for place in self._places))

    async def connected(self) -> Connection:
        """A connection on which Slack said hello."""
        session = self._client.session
        if session is None or session.closed:
            raise ChatBusyError("The connection to Slack is closed.")
        url = await open_url(self._client, self._app_token)
        try:
            async with asyncio.timeout(self.patience.hello_within):
                ws = await session.ws_connect(
                    url,
                    autoping=False,
                    proxy=proxy_for(url),
                    max_msg_size=_MAX_MESSAGE,
                    timeout=_ws_timeout(),
                )
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            # `from None`: the cause's text holds the address, whose ticket is a secret.
            raise ChatBusyError(f"No web socket to Slack ({type(error).__name__}).") from None
        return await self._greeted(Connection(ws, self.bolt, self.patience, self._heard))

    async def _greeted(self, connection: Connection) -> Connection:
        try:
            async with asyncio.timeout(self.patience.hello_within):
                await connection.hello.wait()
        except TimeoutError:
            await connection.close(0.0)
            raise ChatBusyError("Slack did not say hello on the new web socket.") from None
        except asyncio.CancelledError:
            await connection.close(0.0)
            raise
        return connection


def _ws_timeout() -> aiohttp.ClientWSTimeout:
    return aiohttp.ClientWSTimeout(ws_close=2.0)
