"""From Slack to the app and back within three seconds: by signed HTTP POST, or over an open socket.

Follows docs.slack.dev/authentication/verifying-requests-from-slack. Commands and clicks are never retried.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot.simulator.slack.model import Delivery, Json
from bot.simulator.slack.sockets import SocketMode

SECONDS = 3.0
_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """What is to be delivered: `kind` is slash_commands, interactive or events_api."""

    kind: str
    payload: Json
    trigger_id: str = ""
    accepts: bool = False


def sign(secret: str, body: bytes, timestamp: int | str) -> str:
    """The value of X-Slack-Signature."""
    base = b"v0:" + str(timestamp).encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def form_body(parcel: Parcel) -> tuple[bytes, str]:
    """The body and its content type, as Slack sends them over HTTP."""
    form = "application/x-www-form-urlencoded"
    if parcel.kind == "slash_commands":
        return urlencode(parcel.payload).encode(), form
    if parcel.kind == "interactive":
        return urlencode({"payload": json.dumps(parcel.payload)}).encode(), form
    return json.dumps(parcel.payload).encode(), "application/json"


class Courier:
    """Delivers parcels. `http` is the app's request_url, or None for Socket Mode."""

    def __init__(self, sockets: SocketMode, signing_secret: str) -> None:
        self.sockets = sockets
        self.secret = signing_secret
        self.http: str | None = None
        self._session: aiohttp.ClientSession | None = None

    async def deliver(self, parcel: Parcel) -> Delivery:
        """What came of it; never raises for what the app does."""
        began = time.monotonic()
        outcome = await (self._by_http(parcel) if self.http else self._by_socket(parcel))
        body, headers = outcome.pop("sent", (b"", {}))
        return Delivery(
            seconds=time.monotonic() - began,
            trigger_id=parcel.trigger_id,
            kind=parcel.kind,
            payload=parcel.payload,
            transport="http" if self.http else "socket",
            request_body=body,
            request_headers=headers,
            **outcome,
        )

    async def _by_socket(self, parcel: Parcel) -> dict[str, Any]:
        ack = await self.sockets.deliver(parcel.kind, parcel.payload, accepts=parcel.accepts, seconds=SECONDS)
        if ack is None:
            return {"status": 0, "body": None, "acked": False, "error": "dispatch_failed"}
        if not ack.answered:
            return {"status": 0, "body": None, "acked": False, "error": "operation_timeout"}
        return {"status": 200, "body": ack.body, "acked": True}

    async def _by_http(self, parcel: Parcel) -> dict[str, Any]:
        body, content_type = form_body(parcel)
        headers = self.signed_headers(body, content_type)
        sent = {"sent": (body, headers)}
        try:
            async with asyncio.timeout(SECONDS):
                status, answer = await self.post_raw(body, headers)
        except TimeoutError:
            return {"status": 0, "body": None, "acked": False, "error": "operation_timeout"} | sent
        except aiohttp.ClientError:
            return {"status": 0, "body": None, "acked": False, "error": "dispatch_failed"} | sent
        acked = status == 200
        error = "" if acked else "dispatch_failed"
        return {"status": status, "body": _read_body(answer), "acked": acked, "error": error} | sent

    def signed_headers(self, body: bytes, content_type: str) -> dict[str, str]:
        """The headers Slack sends now. The stamp is real time: the receiver compares it with its own."""
        stamp = str(int(time.time()))
        return {
            "Content-Type": content_type,
            "User-Agent": _AGENT,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": sign(self.secret, body, stamp),
        }

    async def post_raw(self, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        """Status and text for any bytes posted to the app's request_url. Raises aiohttp.ClientError."""
        if self.http is None:
            raise ValueError("set http_delivery first")
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))
        async with self._session.post(
            self.http, data=io.BytesIO(body), headers=headers, allow_redirects=False
        ) as answer:
            return answer.status, await answer.text()

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()


def _read_body(text: str) -> Any:
    """JSON where it is JSON, else the text; None for nothing."""
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text
