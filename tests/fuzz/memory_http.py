"""HTTP requests to an aiohttp application without a socket: aiohttp's own server protocol over a transport in memory. The bytes of
the request are parsed, routed and answered as they would be from the network."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.fuzz.target import broken


@dataclass(frozen=True, kw_only=True)
class Answered:
    """An answer as it came over the wire."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""


class _Wire(asyncio.Transport):
    """The server's end of a connection: keeps what is written, until it is a whole answer."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        self._written = bytearray()
        self._closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._written += data
        self._look()

    def writelines(self, list_of_data: Any) -> None:
        for data in list_of_data:
            self._written += data
        self._look()

    def close(self) -> None:
        self._closing = True
        if not self.answer.done():
            self.answer.set_exception(ConnectionResetError(f"closed after {bytes(self._written[:200])!r}"))

    abort = close

    def is_closing(self) -> bool:
        return self._closing

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 1) if name in ("peername", "sockname") else default

    def pause_reading(self) -> None:
        """All there is was already given."""

    def resume_reading(self) -> None:
        """All there is was already given."""

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """There is room for every answer."""

    def get_write_buffer_size(self) -> int:
        return 0

    def _look(self) -> None:
        head, end, body = bytes(self._written).partition(b"\r\n\r\n")
        if not end or self.answer.done():
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
        }
        if len(body) >= int(headers.get("content-length", "0")):
            self.answer.set_result(Answered(status=int(first.split(" ")[1]), headers=headers, body=body))


class MemoryHttp:
    """Asks one application, a connection for each request."""

    def __init__(self, app: web.Application) -> None:
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)

    async def start(self) -> None:
        await self._runner.setup()

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def ask(self, request: bytes, seconds: float) -> Answered:
        """The answer to these bytes. Raises BrokenPromiseError when none comes within `seconds`."""
        assert self._runner.server is not None
        protocol, wire = self._runner.server(), _Wire()
        protocol.connection_made(wire)
        protocol.data_received(request)
        try:
            return await asyncio.wait_for(wire.answer, seconds)
        except TimeoutError:
            broken(f"no answer within {seconds} s")
        except ConnectionResetError as error:
            broken(f"the connection was closed without an answer: {error}")
        finally:
            protocol.connection_lost(None)
