"""A connection of Socket Mode: whatever frames come, it goes on reading, and an honest command after them is acknowledged; a frame
that ends a connection says so, so that it is replaced."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from aiohttp import WSMessage, WSMsgType
from slack_bolt.app.async_app import AsyncApp
from structlog.testing import capture_logs

from bot.adapters.slack.answers import Answers
from bot.adapters.slack.connection import Connection, SocketPatience
from bot.adapters.slack.listeners import build_app
from bot.simulator.slack import mentions
from tests.fuzz.draw import HOSTILE_VALUES, Source, exchanged
from tests.fuzz.loop import Loop
from tests.fuzz.rewinding import Moment, State, waiting_world
from tests.fuzz.slack_requests import HASH_MARK, PEOPLE, TEAMS, WORDS, command, payload_from
from tests.fuzz.target import Judge, Target, broken
from tests.fuzz.targets.slack_door import FAILURES, GROUPS, MemorySlack, entitled, real_inbound
from tests.stories.world import ALICE, EVE, TEAM

PATIENT = SocketPatience(ping_every=1e6, deaf_after=5.0, linger=0.0, drain=3.0)
ENVELOPE = "the-last-one"
ENDS = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR, WSMsgType.BINARY)
"""Frames after which a connection is replaced. Slack sends nothing binary."""
NewConnection = Callable[["MemorySocket", AsyncApp], Any]


class MemorySocket:
    """The client's end of a web socket: gives the frames one after another, then waits; keeps what is sent."""

    def __init__(self, frames: list[WSMessage]) -> None:
        self._frames, self.sent, self.waiting = list(frames), list[str](), asyncio.Event()

    async def receive(self, timeout: float | None = None) -> WSMessage:
        if self._frames:
            return self._frames.pop(0)
        self.waiting.set()
        await asyncio.Event().wait()
        raise AssertionError("nothing comes any more")

    async def send_str(self, data: str) -> None:
        self.sent.append(data)

    async def ping(self) -> None:
        """Nobody answers."""

    async def pong(self, data: bytes = b"") -> None:
        """Nobody asked."""

    async def close(self) -> None:
        """Nothing is open."""


def real_connection(socket: MemorySocket, bolt: AsyncApp) -> Any:
    return Connection(socket, bolt, PATIENT, lambda: None)  # type: ignore[arg-type]


def judge_of(new_connection: NewConnection = real_connection) -> Judge:
    """The judge of a connection."""
    loop = Loop()
    world = loop.run(waiting_world())
    moment, start = Moment(world), State.of(world)
    plan_hash = start.of_the_waiting()[1].plan_hash
    answers = Answers(world.chat)
    bolt = build_app(MemorySlack(), real_inbound(world), answers, command="/image")

    async def listen(frames: list[WSMessage], ended: bool) -> MemorySocket:
        socket = MemorySocket([*frames, WSMessage(WSMsgType.TEXT, _last(), None)])
        connection = new_connection(socket, bolt)
        over = [asyncio.create_task(one.wait()) for one in (connection.leaving, socket.waiting)]
        await asyncio.wait(over, timeout=3.0, return_when=asyncio.FIRST_COMPLETED)
        left, waiting = connection.leaving.is_set(), socket.waiting.is_set()
        for task in over:
            task.cancel()
        await connection.close(3.0)
        await answers.drain(3.0)
        if ended and not (left or waiting):
            broken("the connection ended and nobody was told")
        if not ended and not waiting:
            broken(
                "the connection stopped reading and nobody was told"
                if not left
                else f"it was left: {connection.reason}"
            )
        return socket

    def judge(data: bytes) -> None:
        frames = [
            _frame(source, plan_hash) for source in (Source(data),) for _ in range(1 + source.byte() % 4)
        ]
        ended = any(frame.type in ENDS or _asks_to_leave(frame) for frame in frames)
        moment.restore()
        with capture_logs() as logs:
            socket = loop.run(listen(frames, ended))
        failed = [log for log in logs if log["event"] in FAILURES]
        if failed:
            broken(f"failed inside: {failed[0]}")
        _check_sent(socket.sent, whole=not ended)
        if State.of(world).of_the_waiting() != start.of_the_waiting() and not any(
            entitled(_body(one)) for one in frames
        ):
            broken("somebody without the right to it moved the lane")

    return judge


def _frame(source: Source, plan_hash: str) -> WSMessage:
    kind = source.byte() % 10
    if kind == 0:
        return WSMessage(source.choose((WSMsgType.PING, WSMsgType.PONG, *ENDS)), source.chunk(), None)
    if kind == 1:
        return WSMessage(WSMsgType.TEXT, source.text(200), None)
    payload: Any = payload_from(source, source.choose(PEOPLE), source.choose(TEAMS))[0]
    envelope: Any = {"type": source.choose(("slash_commands", "interactive", "events_api", "hello", "disconnect")), "payload": payload,
                     "envelope_id": f"e{source.byte()}", "accepts_response_payload": True}  # fmt: skip
    for _ in range(source.byte() % 4):
        envelope = exchanged(envelope, source, WORDS)
    if kind == 2:
        envelope = source.choose(HOSTILE_VALUES)
    return WSMessage(WSMsgType.TEXT, json.dumps(envelope, default=list).replace(HASH_MARK, plan_hash), None)


def _asks_to_leave(frame: WSMessage) -> bool:
    try:
        said = json.loads(frame.data)
    except (ValueError, TypeError, RecursionError):
        return False
    return isinstance(said, dict) and said.get("type") == "disconnect"


def _body(frame: WSMessage) -> dict[str, Any] | None:
    try:
        payload = json.loads(frame.data)["payload"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None


def _last() -> str:
    payload = command(EVE, TEAM, "help")
    return json.dumps(
        {
            "type": "slash_commands",
            "envelope_id": ENVELOPE,
            "payload": payload,
            "accepts_response_payload": True,
        }
    )


def _check_sent(sent: list[str], *, whole: bool) -> None:
    said = [json.loads(one) for one in sent]
    mine = [one for one in said if one.get("envelope_id") == ENVELOPE]
    if whole and (len(mine) != 1 or "payload" not in mine[0]):
        broken(f"after these frames an honest command was acknowledged {len(mine)} times")
    for one in said:
        blocks = one.get("payload", {}).get("blocks", [])
        text = one.get("payload", {}).get("text", "")
        if mentioned := {
            who for who in mentions({"text": text, "blocks": blocks}) if who not in (ALICE, *PEOPLE, *GROUPS)
        }:
            broken(f"an answer mentions {mentioned}")


TARGET = Target(
    name="slack_socket",
    promise="no frame ends a connection silently; after any of them an honest command is acknowledged",
    make=judge_of,
    tokens=('{"type":"hello"}', '{"envelope_id":"e","payload":{', '"payload":', "null", "[[[[[[[["),
    longest=2_048,
)
