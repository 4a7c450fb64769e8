"""What strangers, and people with a script, can do to the address the bot listens at."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier
from structlog.testing import capture_logs

from bot.app.listening import IDLE, CappedSite
from bot.config import Config
from tests.adapters.slack.stage import Stage, serve, workspace
from tests.adapters.slack.test_http import body_of, headers_for


class HandClock:
    """A monotonic clock that moves when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def at_the_door() -> AsyncIterator[Stage]:
    async with workspace() as sim, serve(sim, "http") as up:
        yield up


async def raw(url: str, head: bytes, body: bytes = b"") -> bytes:
    """The status line that bytes of a stranger's own making get."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
    try:
        writer.write(head + b"\r\n" + body)
        return await reader.readline()
    finally:
        writer.close()


# -- signatures --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "signature", [b"v0=\xe9", "v0=é".encode(), b"v0=", b"v1=" + b"0" * 64, b"v0=" + b"0" * 63]
)
async def test_a_signature_that_is_none_is_a_stranger_like_any_other(
    signature: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Comparing it raises inside the library, which would be a 500 and a stack in the log for each request of a stranger."""
    async with at_the_door() as up:
        body = body_of()
        lines = [b"POST /slack/events HTTP/1.1", b"Host: x", b"Content-Length: %d" % len(body)]
        lines += [
            b"X-Slack-Request-Timestamp: %d" % int(time.time()),
            b"X-Slack-Signature: " + signature,
            b"",
        ]
        with caplog.at_level(logging.DEBUG):
            status = await raw(up.sim.http_delivery or "", b"\r\n".join(lines), body)

        assert b" 401 " in status
        assert "Traceback" not in caplog.text
        assert up.inbound.commands == []


async def test_what_is_not_signed_is_not_parsed() -> None:
    """A megabyte of JSON costs two hundred milliseconds, in which nobody else is served: a stranger must not buy that."""
    async with at_the_door() as up:
        broken = b'{"no": json'
        forged = headers_for(up.sim, broken) | {"X-Slack-Signature": "v0=" + "0" * 64}
        status, _ = await up.sim.post_raw(broken, forged)
        signed, _ = await up.sim.post_raw(broken, headers_for(up.sim, broken))

        assert (status, signed) == (401, 400)


def test_signatures_are_compared_in_constant_time() -> None:
    """Who can measure how far a comparison got can find a signature byte by byte. The library is trusted with it: this fails
    when a version of it stops."""
    assert "hmac.compare_digest(" in inspect.getsource(SignatureVerifier.is_valid)


@pytest.mark.parametrize("deep", [b'{"a":' * 100_000, b"[" * 100_000, b'{"a":[' * 50_000])
async def test_a_deeply_nested_body_is_refused_even_when_it_is_signed(deep: bytes) -> None:
    """Whoever has the signing secret must not be able to end the process with it."""
    async with at_the_door() as up:
        status, _ = await up.sim.post_raw(deep, headers_for(up.sim, deep, kind="application/json"))
        well, _ = await up.sim.post_raw(body_of(), headers_for(up.sim, body_of()))

        assert (status, well) == (400, 200)


# -- sizes and connections ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "head", [b"X: " + b"a" * 20_000, b"\r\n".join([b"A%d: b" % n for n in range(5_000)])]
)
async def test_a_huge_head_is_refused(head: bytes) -> None:
    """Headers are read before anything can be asked of them."""
    async with at_the_door() as up:
        status = await raw(
            up.sim.http_delivery or "", b"POST /slack/events HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n"
        )

        assert b" 400 " in status or b" 431 " in status


@asynccontextmanager
async def listening(most: int, idle: float = IDLE) -> AsyncIterator[tuple[str, HandClock]]:
    """A page behind a CappedSite: its address."""
    app = web.Application()

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="here")

    app.router.add_get("/", page)
    runner = web.AppRunner(app, access_log=None, keepalive_timeout=idle, shutdown_timeout=0.2)
    await runner.setup()
    clock = HandClock()
    try:
        await CappedSite(runner, "127.0.0.1", 0, most=most, monotonic=clock).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/", clock
    finally:
        await runner.cleanup()


async def test_more_connections_than_the_cap_are_turned_away_and_room_is_used_again() -> None:
    """Each one held open costs memory and a file descriptor, and the database needs those too."""
    async with listening(most=3) as (url, clock):
        port = urlsplit(url).port
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        await asyncio.sleep(0.05)
        with capture_logs() as logs:
            refused = [await raw(url, b"GET / HTTP/1.1\r\nHost: x\r\n") for _ in range(5)]
            clock.now += 61
            refused.append(await raw(url, b"GET / HTTP/1.1\r\nHost: x\r\n"))
        assert all(b" 503 " in line for line in refused)
        assert [entry["event"] for entry in logs] == ["connections_full"] * 2

        held[0][1].close()
        await asyncio.sleep(0.05)
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            assert await answer.text() == "here"
        for _, writer in held:
            writer.close()


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_a_connection_that_asks_nothing_is_closed(sent: bytes) -> None:
    """A head that comes letter by letter would else hold its place for ever."""
    async with listening(most=3, idle=0.2) as (url, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
        writer.write(sent)
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()


def test_the_bot_listens_on_this_machine_alone_unless_told_otherwise() -> None:
    """Health, metrics and, in HTTP mode, the door itself are for a proxy beside it."""
    needed = {
        "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "IMAGEBOT_REGION": "eu-de", "HUAWEICLOUD_SDK_AK": "a",
        "HUAWEICLOUD_SDK_SK": "b", "HUAWEICLOUD_SDK_PROJECT_ID": "c",
    }  # fmt: skip
    assert Config.load(needed, env_file=None).service.listen_address[0] == "127.0.0.1"
