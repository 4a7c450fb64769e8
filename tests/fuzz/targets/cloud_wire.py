"""The whole client of the cloud against a server that answers with any bytes at all: each call of the port comes to what the port
says or to an error of our tree, a write that was sent is never said to be surely undone, and no job ends well by garbage."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from structlog.testing import capture_logs

from bot.adapters.huawei.budget import Budget
from bot.adapters.huawei.client import HuaweiCloud
from bot.adapters.huawei.settings import AkSk, HuaweiSettings, Password, Timeouts
from bot.domain.errors import AnswerLostError, BotError
from bot.domain.model import Action, ImageId, ProjectId
from bot.ports import Cloud, JobPhase, JobReading, Ticket
from tests.fuzz.draw import Source, exchanged
from tests.fuzz.loop import Loop
from tests.fuzz.target import Judge, Target, broken
from tests.fuzz.targets.cloud_readers import (
    BODIES,
    CLOUD_ERRORS,
    HEADER_VALUES,
    HEADERS,
    PROJECT,
    SECRET,
    STATUSES,
    WORDS,
    check_error,
    check_text,
    strings_of,
)

NOW = datetime(2026, 1, 15, 10, 11, 12, tzinfo=UTC)
IMAGE = "d164b5df-1bc3-4c3f-893e-3e471fd16e64"
CALLS: Mapping[str, Callable[[Cloud], Awaitable[Any]]] = {
    "by_id": lambda cloud: cloud.find_images([IMAGE]),
    "by_name": lambda cloud: cloud.find_images(["base", "é/?&"]),
    "names": lambda cloud: cloud.image_names(),
    "members": lambda cloud: cloud.members(ImageId(IMAGE)),
    "submit": lambda cloud: cloud.submit(Action.SHARE, [ImageId(IMAGE)], [ProjectId(PROJECT)]),
    "unshare": lambda cloud: cloud.submit(Action.UNSHARE, [ImageId(IMAGE)], [ProjectId(PROJECT)]),
    "job": lambda cloud: cloud.job("ff8080814dbd65d7014dbe0d84db0013"),
    "check": lambda cloud: cloud.check(),
}
WRITES = ("submit", "unshare")
CREDENTIALS = (
    AkSk(ak="FAKEAK", sk=SECRET),
    AkSk(ak="FAKEAK", sk="s", security_token=SECRET),
    Password(username="bot", password=SECRET, user_domain_name="ACCOUNT"),
)
QUICK = Timeouts(connect=2.0, read=0.5, total=2.0, wait=2.0)
NewCloud = Callable[[str, AkSk | Password], Cloud]


def huawei(url: str, credentials: AkSk | Password) -> Cloud:
    """The real client, with its whole way to the network."""
    settings = HuaweiSettings(
        region="eu-west-101", endpoint=url, iam_endpoint=url, credentials=credentials, timeouts=QUICK, reads_retry=0,
        project_id=PROJECT if isinstance(credentials, AkSk) else None, max_answer_bytes=64 * 1024,
    )  # fmt: skip
    return HuaweiCloud(settings, budget=Budget(1e6, 1000), clock=lambda: NOW)


class Liar:
    """A server on this machine that gives the scripted bytes, one answer after another, whatever it is asked."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []
        self.asked: list[bytes] = []
        self.url = ""
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0
            )
            self.asked.append(head + await reader.readexactly(length))
            writer.write(self.answers.pop(0) if self.answers else b"")
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def judge_of(new_cloud: NewCloud = huawei) -> Judge:
    """The judge of a client of the cloud."""
    loop, liar = Loop(), Liar()
    loop.run(liar.start())
    loop.at_end(liar.stop)

    async def called(name: str, credentials: AkSk | Password) -> Any:
        cloud = new_cloud(liar.url, credentials)
        try:
            return await CALLS[name](cloud)
        except CLOUD_ERRORS as error:
            return error
        finally:
            await cloud.close()

    def judge(data: bytes) -> None:
        source = Source(data)
        name, credentials = source.choose(tuple(CALLS)), source.choose(CREDENTIALS)
        scripted = answers_from(source, with_token=isinstance(credentials, Password))
        liar.answers, liar.asked = list(scripted), []
        with capture_logs():
            _check(name, loop.run(called(name, credentials)), scripted, liar.asked)

    return judge


def answers_from(source: Source, *, with_token: bool) -> tuple[bytes, ...]:
    """One to three answers; for a password the first is nearly always a token, or no call is ever made."""
    made = [_answer(source) for _ in range(1 + source.byte() % 3)]
    if with_token and source.byte() % 8 != 7:
        made.insert(0, plain(201, {"token": {"project": {"id": PROJECT}}}, "X-Subject-Token: t\r\n"))
    return tuple(made)


def plain(status: int, body: Any, headers: str = "") -> bytes:
    """An honest answer."""
    said = body if isinstance(body, bytes) else json.dumps(body).encode()
    return f"HTTP/1.1 {status} X\r\n{headers}Content-Length: {len(said)}\r\n\r\n".encode("latin-1") + said


def _answer(source: Source) -> bytes:
    kind = source.byte() % 8
    if kind == 0:
        return source.chunk()
    headers = "".join(f"{source.choose(HEADERS)}: {_header(source)}\r\n" for _ in range(source.byte() % 3))
    if kind == 1:
        return (
            f"HTTP/1.1 {source.choose(STATUSES)} X\r\n{headers}{source.text(40)}\r\n\r\n".encode(
                "utf-8", "replace"
            )
            + source.chunk()
        )
    if kind == 2:
        packed = source.choose(("gzip", "deflate", "br", "identity", "x"))
        return plain(source.choose(STATUSES), source.chunk(), f"Content-Encoding: {packed}\r\n{headers}")
    body = source.choose(BODIES)
    for _ in range(source.byte() % 4):
        body = exchanged(body, source, WORDS)
    return plain(source.choose(STATUSES), body, headers)


def _header(source: Source) -> str:
    text = source.choose(HEADER_VALUES) if source.flag() else source.chunk(20).decode("latin-1")
    return "".join(char for char in text if char.isprintable() and char < "\x7f")


def _check(name: str, found: Any, scripted: tuple[bytes, ...], asked: list[bytes]) -> None:
    if isinstance(found, BotError):
        check_error(found)
        _check_write(name, found, scripted, asked)
    else:
        check_text(*strings_of(found))
    if name in WRITES and sum(b"/v1/cloudimages/members" in one.split(b"\r\n")[0] for one in asked) > 2:
        broken("a write was sent three times")
    succeeded = isinstance(found, JobReading) and found.phase is JobPhase.SUCCEEDED
    if succeeded and not any(b"success" in one.lower() for one in scripted):
        broken(f"a job succeeded and the cloud never said so: {scripted}")
    if isinstance(found, Ticket) and not any(found.job_id.encode() in one for one in scripted):
        broken(f"the ticket is of job {found.job_id!r}, which the cloud never named")


def _check_write(name: str, error: BotError, scripted: tuple[bytes, ...], asked: list[bytes]) -> None:
    """That a write which reached the cloud is in doubt unless the cloud itself refused it (a status of 4xx)."""
    sent = [number for number, one in enumerate(asked) if b"/v1/cloudimages/members" in one.split(b"\r\n")[0]]
    if name not in WRITES or not sent or isinstance(error, AnswerLostError):
        return
    answer = scripted[sent[-1]] if sent[-1] < len(scripted) else b""
    if b" 4" not in answer[:64]:
        broken(
            f"the write was sent, and {type(error).__name__} says that it was surely not done, after {answer[:80]!r}"
        )


TARGET = Target(
    name="cloud_wire",
    promise="any bytes from the cloud are the port's result or an error of ours; a sent write is never called surely undone",
    make=judge_of,
    tokens=(
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 500 X\r\n\r\n",
        "Content-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\n",
        "\r\n\r\n",
        "\r\n0\r\n\r\n",
    ),
    longest=2_048,
)
