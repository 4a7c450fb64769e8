"""httpx's transport on aiohttp's connections. Knows no cloud.

It exists for three things the stock transport cannot promise. A connection that is cut after the call was
sent is a read error, never a connect error: for a write that is the difference between "surely not done" and
"perhaps done". Nothing is repeated: aiohttp by itself sends a DELETE a second time after a cut. And the
address goes out as it was signed, byte by byte. Writes each get a fresh connection, so that an idle one that
the gateway has closed meanwhile is not taken for a lost answer.
"""

from __future__ import annotations

import asyncio
import ssl
from functools import lru_cache
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from httpx_aiohttp.transport import AiohttpResponseStream
from yarl import URL

from bot.adapters.huawei.regions import is_loopback

_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError)
_NOTHING_ADDED = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


async def _never_again(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Gives a failure its final name before aiohttp can decide to send the call a second time."""
    try:
        return await handler(request)
    except _NOT_SENT as error:
        raise httpx.ConnectError(_plain(error)) from error
    except (aiohttp.SocketTimeoutError, TimeoutError) as error:
        raise httpx.ReadTimeout("no answer in time") from error
    except (aiohttp.ClientError, OSError) as error:
        raise httpx.ReadError(_plain(error)) from error


class QuietTransport(AiohttpTransport):
    """Raises httpx.ConnectError when nothing was sent, httpx.ReadTimeout or ReadError when something was.
    Certificates are verified, against the authorities in SSL_CERT_FILE where that is set."""

    def __init__(self, *, connect: float, read: float, max_connections: int = 100) -> None:
        limits = httpx.Limits(max_connections=max_connections, keepalive_expiry=15.0)
        super().__init__(verify=_tls(), limits=limits)
        self._timeout = aiohttp.ClientTimeout(connect=connect, sock_connect=connect, sock_read=read)
        self._fresh: aiohttp.ClientSession | None = None
        self._proxies = getproxies_environment()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        session = self._session(keep_alive=request.method == "GET")
        address = str(request.url)
        try:
            response = await session.request(
                request.method,
                URL(address, encoded=True),
                headers=[(name.decode(), value.decode()) for name, value in request.headers.raw],
                data=request.content or None,
                allow_redirects=False,
                proxy=self._proxy_for(address),
                timeout=self._timeout,
            )
        except (ValueError, aiohttp.InvalidURL) as error:
            raise httpx.ConnectError(f"the call cannot be sent like this: {type(error).__name__}") from error
        return httpx.Response(
            response.status,
            headers=response.raw_headers,
            stream=AiohttpResponseStream(response),
            request=request,
        )

    async def aclose(self) -> None:
        await super().aclose()
        if self._fresh is not None:
            await self._fresh.close()
        await asyncio.sleep(0)  # lets the closed sockets go

    def _session(self, *, keep_alive: bool) -> aiohttp.ClientSession:
        if keep_alive:
            if not isinstance(self.client, aiohttp.ClientSession):
                self.client = self._new_session(self.ssl_context, force_close=False)
            return self.client
        if self._fresh is None:
            self._fresh = self._new_session(self.ssl_context, force_close=True)
        return self._fresh

    def _new_session(self, context: ssl.SSLContext, *, force_close: bool) -> aiohttp.ClientSession:
        most = self.limits.max_connections or 0
        connector = (
            aiohttp.TCPConnector(ssl=context, limit=most, force_close=True)
            if force_close
            else aiohttp.TCPConnector(ssl=context, limit=most, keepalive_timeout=self.limits.keepalive_expiry)
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            skip_auto_headers=_NOTHING_ADDED,
            middlewares=(_never_again,),
        )

    def _proxy_for(self, address: str) -> str | None:
        """The environment's proxy (HTTPS_PROXY, NO_PROXY); none on this machine itself."""
        if not self._proxies or is_loopback(address):
            return None
        parts = urlsplit(address)
        return None if proxy_bypass(parts.netloc) else self._proxies.get(parts.scheme)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Verifies certificates and names. Reading the authorities takes a tenth of a second, so it is done once."""
    return httpx.create_ssl_context()


def _plain(error: BaseException) -> str:
    return str(error) or type(error).__name__
