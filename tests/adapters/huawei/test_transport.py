"""What the stock transport cannot promise."""

from __future__ import annotations

import ssl

import httpx
import pytest

from bot.adapters.huawei.transport import QuietTransport
from bot.domain.errors import CloudDownError
from tests.adapters.huawei.conftest import Made
from tests.adapters.huawei.scripted import Cut, Reply, ScriptedServer


async def send(transport: QuietTransport, method: str, url: str) -> int:
    request = httpx.Request(method, url, content=b"{}" if method != "GET" else b"")
    response = await transport.handle_async_request(request)
    await response.aread()
    await response.aclose()
    return response.status_code


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PUT"])
async def test_a_cut_connection_is_an_error_of_reading_and_is_met_once(
    server: ScriptedServer, method: str
) -> None:
    """The library below calls it a failure to connect, and sends a DELETE again all by itself."""
    transport = QuietTransport(connect=1.0, read=1.0)
    server.then(Reply(), Cut(), Reply())
    await send(transport, method, server.url)

    with pytest.raises(httpx.ReadError):
        await send(transport, method, server.url)
    await transport.aclose()

    assert len(server.received) == 2


async def test_every_write_has_a_connection_of_its_own(server: ScriptedServer) -> None:
    """A kept one may have been closed by the gateway meanwhile, and then the write would count as perhaps
    done."""
    transport = QuietTransport(connect=1.0, read=1.0)
    server.always = Reply()

    for method in ("GET", "GET", "POST", "POST", "DELETE", "GET"):
        await send(transport, method, server.url)
    await transport.aclose()

    peers = [one.peer for one in server.received]
    assert peers[0] == peers[1] == peers[5]
    assert len(set(peers)) == 4


async def test_a_header_that_would_split_the_call_is_not_sent(server: ScriptedServer) -> None:
    """A token with a line break in it would be two headers."""
    transport = QuietTransport(connect=1.0, read=1.0)
    request = httpx.Request("GET", server.url, headers={"X-Auth-Token": "a\r\nX-Other: b"})

    with pytest.raises(httpx.ConnectError):
        await transport.handle_async_request(request)
    await transport.aclose()

    assert server.received == []


def test_certificates_and_host_names_are_verified() -> None:
    """Everything rests on speaking to the right host."""
    context = QuietTransport(connect=1.0, read=1.0).ssl_context

    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


async def test_the_environments_proxy_is_used_and_its_refusal_means_nothing_was_sent(
    make: Made, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many companies let nothing out but through one."""
    monkeypatch.setenv("HTTPS_PROXY", server.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    server.always = Reply(status=502)

    with pytest.raises(CloudDownError):
        await make(endpoint="https://ims.example.com").check()

    assert [one.method for one in server.received] == ["CONNECT"]


async def test_no_proxy_stands_between_us_and_this_machine(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The demo and the tests run where a company's proxy is set."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    transport = QuietTransport(connect=1.0, read=1.0)
    server.then(Reply(status=204))

    assert await send(transport, "GET", server.url) == 204
    await transport.aclose()
