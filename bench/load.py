"""What loads a server: Slack's signed commands, made beforehand, and connections that are kept open and send the next one when
the last was answered. Knows nothing of who answers."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from bench.servers.outside import CHANNELS, PEOPLE

TEXTS = (
    "share base-ubuntu-24 to shop-dev",
    "share base-ubuntu-24 to shop-dev, shop-prod for 30d because CHG-1042",
    "share base-debian-12, base-ubuntu-24 to shop-test because the nightly build needs both",
    "share shop-web-7 with shop-prod because CHG-1043",
)
PATIENCE = 120.0


class WrongAnswerError(Exception):
    """An answer that is not the one the measurement is about."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Of one slice: answers a second, and how long they took, in milliseconds."""

    rate: float
    p50: float
    p99: float


class Commands:
    """Slash commands as Slack posts them, each with a trigger_id of its own, spread over people and channels."""

    def __init__(self, team: str, slack_url: str, secret: str) -> None:
        self._team, self._slack_url, self._secret = team, slack_url, secret.encode()
        self._number = 0

    def take(self, count: int) -> list[bytes]:
        """So many whole HTTP requests, signed now."""
        return [self._one() for _ in range(count)]

    def _one(self) -> bytes:
        self._number = number = self._number + 1
        form = {
            "token": "verification-token",
            "team_id": self._team,
            "team_domain": "bench",
            "channel_id": CHANNELS[number % len(CHANNELS)],
            "channel_name": "images",
            "user_id": PEOPLE[number % len(PEOPLE)],
            "user_name": "person",
            "command": "/image",
            "text": TEXTS[number % len(TEXTS)],
            "api_app_id": "A0BENCH",
            "is_enterprise_install": "false",
            "response_url": f"{self._slack_url}/actions/{self._team}/{number}/bench",
            "trigger_id": f"{number}.{time.time_ns()}.bench",
        }
        body, stamp = urlencode(form).encode(), str(int(time.time()))
        base = b"v0:" + stamp.encode() + b":" + body
        signature = "v0=" + hmac.new(self._secret, base, hashlib.sha256).hexdigest()
        head = (
            "POST /slack/events HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Slackbot 1.0 (+https://api.slack.com/robots)\r\n"
            "Accept: application/json,*/*\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"X-Slack-Request-Timestamp: {stamp}\r\nX-Slack-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


async def drive(
    url: str, requests: Sequence[bytes], *, at_once: int, warm_up: int, expected: bytes = b""
) -> Figures:
    """The figures of the requests after the first `warm_up`. Every answer must be a 200 that contains `expected`.

    Raises WrongAnswerError, OSError, TimeoutError.
    """
    loop, queue, times = asyncio.get_running_loop(), iter(requests), _Times(warm_up)
    place = urlsplit(url)
    connections = []
    try:
        async with asyncio.timeout(PATIENCE):
            for _ in range(at_once):
                _, connection = await loop.create_connection(
                    lambda: _Connection(queue, times, expected), place.hostname or "", place.port or 80
                )
                connections.append(connection)
            for connection in connections:
                connection.begin()
            await asyncio.gather(*(connection.ended for connection in connections))
    finally:
        for connection in connections:
            connection.close()
    return times.figures()


class _Times:
    """When each answer came; the clock of the slice begins with the last answer of the warm-up."""

    def __init__(self, warm_up: int) -> None:
        self._warm_up = warm_up
        self._taken: list[float] = []
        self._seen = 0
        self._begin = self._end = time.perf_counter()

    def answered(self, sent: float) -> None:
        self._end = now = time.perf_counter()
        self._seen += 1
        if self._seen > self._warm_up:
            self._taken.append(now - sent)
        else:
            self._begin = now

    def figures(self) -> Figures:
        cuts = statistics.quantiles(self._taken, n=100, method="inclusive")
        rate = len(self._taken) / (self._end - self._begin)
        return Figures(rate=rate, p50=statistics.median(self._taken) * 1e3, p99=cuts[98] * 1e3)


class _Connection(asyncio.Protocol):
    """Sends one request after the other; knows of HTTP what the servers here answer: a length, no chunks."""

    def __init__(self, queue: Iterator[bytes], times: _Times, expected: bytes) -> None:
        self._queue, self._times, self._expected = queue, times, expected
        self._received = b""
        self._sent = 0.0
        self._transport: asyncio.Transport | None = None
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def begin(self) -> None:
        self._next()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, blank, body = self._received.partition(b"\r\n\r\n")
        if not blank or len(body) < _length(head):
            return
        self._received = b""
        self._times.answered(self._sent)
        if head[9:12] != b"200" or self._expected not in body:
            self._end(WrongAnswerError(f"{head[:60]!r} {body[:300]!r}"))
        else:
            self._next()

    def connection_lost(self, error: Exception | None) -> None:
        self._end(error or ConnectionResetError("the server closed the connection"))

    def _next(self) -> None:
        request = next(self._queue, None)
        if request is None:
            self._end(None)
        elif self._transport is not None:
            self._sent = time.perf_counter()
            self._transport.write(request)

    def _end(self, error: Exception | None) -> None:
        if self.ended.done():
            return
        if error is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
