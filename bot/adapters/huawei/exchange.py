"""Sending one call and taking in its answer, with every way the network can fail turned into one of three
facts: nothing was sent, sent without an answer, answered. Knows neither credentials nor budget, and repeats
nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

import httpx

from bot.adapters.huawei.answers import Answer
from bot.adapters.huawei.settings import HuaweiSettings
from bot.adapters.huawei.signing import Parts, canonical_query
from bot.adapters.huawei.transport import QuietTransport
from bot.adapters.huawei.wire import Call
from bot.domain.errors import AnswerLostError, CloudBusyError, CloudDownError, CloudRefusedError

_ADDED = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "imagebot"}
"""Not signed: a proxy may change them."""


_address = lru_cache(maxsize=1024)(httpx.URL)
"""The same jobs are asked for again and again, and taking an address apart is a tenth of a call's work."""


class NoCookies(httpx.Cookies):
    """Keeps nothing: a gateway's cookie would tie calls together that stand alone."""

    def extract_cookies(self, response: httpx.Response) -> None:
        pass


class CookielessClient(httpx.AsyncClient):
    """httpx copies whatever cookies it is given; here the ones that keep nothing stay."""

    @property
    def cookies(self) -> httpx.Cookies:
        return _NO_COOKIES

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        raise AttributeError("there are no cookies")


_NO_COOKIES = NoCookies()


class TooLongError(Exception):
    """The answer is longer than allowed."""


class Exchange:
    """Connections to one service, whose address may have a path."""

    def __init__(self, base: str, settings: HuaweiSettings) -> None:
        parts = urlsplit(base)
        default = {"https": 443, "http": 80}[parts.scheme]
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host
        self._host = host if parts.port in (None, default) else f"{host}:{parts.port}"
        self._origin, self._prefix = f"{parts.scheme}://{self._host}", parts.path.rstrip("/")
        self._total, self._max_bytes = settings.timeouts.total, settings.max_answer_bytes
        transport = QuietTransport(connect=settings.timeouts.connect, read=settings.timeouts.read)
        self._http = CookielessClient(transport=transport, trust_env=False, follow_redirects=False)

    def parts(self, call: Call, headers: Mapping[str, str]) -> Parts:
        """The call as it will be sent, ready to be signed."""
        named = {**headers, "Content-Type": "application/json"} if call.body else headers
        return Parts(
            method=call.method,
            host=self._host,
            path=self._prefix + call.path,
            query=call.query,
            headers=named,
            body=call.body,
        )

    async def send(self, parts: Parts, headers: Mapping[str, str], *, write: bool) -> Answer:
        """The answer, whatever its status. Raises CloudDownError when nothing was sent; when no whole answer
        came, AnswerLostError for a write and CloudBusyError for a read."""
        url = self._origin + parts.path
        if parts.query:
            url += "?" + canonical_query(parts.query)
        try:
            request = httpx.Request(
                parts.method, _address(url), headers={**headers, **_ADDED}, content=parts.body
            )
        except httpx.InvalidURL as error:
            raise CloudRefusedError("This is too long to be asked for.", status=414) from error
        lost = AnswerLostError if write else CloudBusyError
        answering = False
        try:
            async with asyncio.timeout(self._total):
                response = await self._http.send(request, stream=True)
                answering = True
                try:
                    return await self._taken_in(response)
                finally:
                    await response.aclose()
        except (httpx.ConnectError, httpx.ProxyError) as error:
            if answering:
                raise lost(f"The answer of {self._host} broke off.") from error
            raise CloudDownError(f"{self._host} cannot be reached: {error}") from error
        except TooLongError as error:
            raise lost(f"The answer of {self._host} is longer than {self._max_bytes} bytes.") from error
        except (httpx.TimeoutException, TimeoutError) as error:
            raise lost(f"{self._host} did not answer in time.") from error
        except httpx.HTTPError as error:
            raise lost(f"The connection to {self._host} was cut before the answer was there.") from error

    async def close(self) -> None:
        await self._http.aclose()

    async def _taken_in(self, response: httpx.Response) -> Answer:
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers.raw
        }
        body = bytearray()
        async for piece in response.aiter_bytes() if "content-encoding" in headers else _pieces(response):
            body += piece
            if len(body) > self._max_bytes:
                raise TooLongError
        return Answer(status=response.status_code, headers=headers, body=bytes(body))


def _pieces(response: httpx.Response) -> httpx.AsyncByteStream:
    """The body as it comes, where nothing is packed: httpx's own ways count and regroup it."""
    assert isinstance(response.stream, httpx.AsyncByteStream)
    return response.stream
