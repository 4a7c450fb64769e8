"""The HTTP door: only what Slack signed just now comes in, and a stranger costs next to nothing."""

from __future__ import annotations

import asyncio
import json
import time
from urllib.parse import urlencode, urlsplit

import aiohttp
import pytest

from bot.simulator.slack import SimSlack, sign
from tests.adapters.slack.stage import ANNA, OPS, Stage, http_server

FORM = "application/x-www-form-urlencoded"


def body_of(**more: str) -> bytes:
    fields = {"command": "/image", "text": "help", "user_id": ANNA, "team_id": "T0OWN", "channel_id": OPS}
    return urlencode(fields | {"trigger_id": "1.2.abc"} | more).encode()


def headers_for(
    sim: SimSlack, body: bytes, stamp: int | str | None = None, kind: str = FORM
) -> dict[str, str]:
    when = int(time.time()) if stamp is None else stamp
    return {
        "Content-Type": kind,
        "X-Slack-Request-Timestamp": str(when),
        "X-Slack-Signature": sign(sim.signing_secret, body, when),
    }


async def test_a_signed_command_gets_in(http_stage: Stage) -> None:
    """The counterpart without which the refusals below prove nothing."""
    body = body_of()
    status, text = await http_stage.sim.post_raw(body, headers_for(http_stage.sim, body))

    assert status == 200
    assert json.loads(text)["text"] == "noted"


@pytest.mark.parametrize("stamp", ["", "abc", "12e3", "-5", "٣٤٥", "9" * 40, "1 1", "0"])
async def test_a_timestamp_that_is_no_time_of_now_is_401(http_stage: Stage, stamp: str) -> None:
    """Bolt answers 500 to some of these: a stranger could fill the log with tracebacks."""
    body = body_of()
    headers = headers_for(http_stage.sim, body) | {"X-Slack-Request-Timestamp": stamp}
    status, _ = await http_stage.sim.post_raw(body, headers)

    assert status == 401
    assert http_stage.inbound.commands == []


@pytest.mark.parametrize("age", [-400, 400])
async def test_a_request_out_of_its_time_is_401(http_stage: Stage, age: int) -> None:
    """A recorded request must not work for ever."""
    body = body_of()
    status, _ = await http_stage.sim.post_raw(body, headers_for(http_stage.sim, body, int(time.time()) + age))

    assert status == 401
    assert http_stage.inbound.commands == []


async def test_a_changed_byte_or_a_wrong_secret_is_401(http_stage: Stage) -> None:
    """The signature is over the raw body."""
    body = body_of()
    headers = headers_for(http_stage.sim, body)
    changed, _ = await http_stage.sim.post_raw(body + b"&x=1", headers)
    stamp = headers["X-Slack-Request-Timestamp"]
    forged, _ = await http_stage.sim.post_raw(body, headers | {"X-Slack-Signature": sign("", body, stamp)})

    assert (changed, forged) == (401, 401)
    assert http_stage.inbound.commands == []


async def test_an_unsigned_request_is_401(http_stage: Stage) -> None:
    """Anybody can reach the address."""
    status, _ = await http_stage.sim.post_raw(body_of(), {"Content-Type": FORM})

    assert status == 401
    assert http_stage.inbound.commands == []


async def test_a_replayed_request_comes_in_with_the_same_trigger(http_stage: Stage) -> None:
    """Inside five minutes the signature holds; that it has one effect is by its trigger."""
    body = body_of()
    headers = headers_for(http_stage.sim, body)
    first, _ = await http_stage.sim.post_raw(body, headers)
    second, _ = await http_stage.sim.post_raw(body, headers)

    assert (first, second) == (200, 200)
    assert len({typed.trigger_id for typed in http_stage.inbound.commands}) == 1


async def test_slacks_check_of_the_certificate_is_answered_and_does_nothing(http_stage: Stage) -> None:
    """It comes without a signature."""
    status, _ = await http_stage.sim.post_raw(b"ssl_check=1&token=x", {"Content-Type": FORM})
    sneaky, _ = await http_stage.sim.post_raw(body_of(ssl_check="1"), {"Content-Type": FORM})

    assert (status, sneaky) == (200, 200)
    assert http_stage.inbound.commands == []


async def test_a_body_over_the_limit_is_413(http_stage: Stage) -> None:
    """Told by its length or found while reading."""
    body = b"x" * (1024 * 1024 + 1)
    headers = headers_for(http_stage.sim, b"")
    told, _ = await http_stage.sim.post_raw(body, headers)

    async def pieces():  # type: ignore[no-untyped-def]
        for _ in range(20):
            yield b"x" * 64 * 1024

    assert http_stage.sim.http_delivery is not None
    async with (
        aiohttp.ClientSession() as session,
        session.post(http_stage.sim.http_delivery, data=pieces(), headers=headers) as answer,
    ):
        found = answer.status

    assert (told, found) == (413, 413)


async def test_a_body_that_does_not_come_is_408(http_stage: Stage) -> None:
    """Held connections must not pile up."""
    async with http_server(http_stage.bolt, read_seconds=0.1) as url:
        port = urlsplit(url).port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = {**headers_for(http_stage.sim, b""), "Host": "x", "Content-Length": "10"}
        lines = [f"{name}: {value}\r\n" for name, value in head.items()]
        writer.write(("POST /slack/events HTTP/1.1\r\n" + "".join(lines) + "\r\nab").encode())
        status = await reader.readline()
        writer.close()

    assert b" 408 " in status


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe", b"{", b"[1]", b"payload=%7B", b"payload=5", b"&".join([b"a=1"] * 999), b'{"a":' * 5000],
)
async def test_a_signed_body_that_is_no_payload_is_400(http_stage: Stage, body: bytes) -> None:
    """Only Slack can sign, and even so nothing may raise."""
    status, _ = await http_stage.sim.post_raw(body, headers_for(http_stage.sim, body))

    assert status == 400


async def test_a_flood_of_unsigned_requests_is_cut_and_signed_ones_still_pass(http_stage: Stage) -> None:
    """Strangers must neither fill the log nor keep Slack out."""
    unsigned = [await http_stage.sim.post_raw(b"x=1", {"Content-Type": FORM}) for _ in range(40)]
    body = body_of()
    status, _ = await http_stage.sim.post_raw(body, headers_for(http_stage.sim, body))

    assert {code for code, _ in unsigned} == {401, 429}
    assert status == 200


async def test_the_url_of_a_new_app_is_verified(http_stage: Stage) -> None:
    """Slack asks for the challenge before it accepts the address."""
    body = json.dumps({"type": "url_verification", "challenge": "c4", "token": "x"}).encode()
    status, text = await http_stage.sim.post_raw(
        body, headers_for(http_stage.sim, body, kind="application/json")
    )

    assert status == 200
    assert "c4" in text


async def test_an_app_made_for_the_socket_lets_nobody_in_by_http(sim: SimSlack, stage: Stage) -> None:
    """Without a secret there is nothing a signature could be checked against."""
    if stage.runner is None:
        return
    async with http_server(stage.bolt) as url:
        sim.http_delivery = url
        body = body_of()
        status, _ = await sim.post_raw(body, headers_for(sim, body))

    assert status == 401
