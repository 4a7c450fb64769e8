"""A Slack that lives in memory: implements bot.ports.Chat, passes tests/contracts/chat_contract.py, and
can be asked what it received. Faults are ordered beforehand; nothing is ever patched."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bot.domain.errors import BotError, ChatAuthError, ChatBusyError, ChatCutError, NotReachableError
from bot.domain.model import MessageRef
from bot.domain.notices import Message

Method = Literal["post", "update", "whisper", "respond"]
Fault = Literal["cut_before", "cut_after", "busy", "not_in_channel", "auth"]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A message as it stands in a channel now."""

    ref: MessageRef
    message: Message
    thread: str | None = None
    mark: str = ""
    edits: int = 0
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class Whispered:
    channel: str
    user: str
    message: Message


@dataclass(frozen=True, kw_only=True)
class Responded:
    response_url: str
    message: Message


@dataclass(kw_only=True)
class _Ordered:
    fault: Fault
    method: Method | None
    retry_after: float | None
    channel: str | None


@dataclass
class MemoryChat:
    """`fail("cut_after", method="post")` orders a fault for the next fitting call; several orders are met
    one after another."""

    calls: list[tuple[Method, str]] = field(default_factory=list)
    """Every call that was made, failed ones too: the method, and the channel or response_url."""
    whispers: list[Whispered] = field(default_factory=list)
    responses: list[Responded] = field(default_factory=list)
    unreachable: dict[str, str] = field(default_factory=dict)
    """Channels the bot cannot post in, with Slack's word for why."""
    blind: bool = True
    """Whether the bot was not granted to look for its messages."""
    dead_urls: set[str] = field(default_factory=set)
    """response_urls that are used up or too old."""
    _standing: dict[MessageRef, Standing] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    """Of posts: a deleted message's is never used again."""
    _orders: deque[_Ordered] = field(default_factory=deque)

    # -- what tests ask --------------------------------------------------------------------------------------

    def fail(
        self,
        fault: Fault,
        *,
        method: Method | None = None,
        times: int = 1,
        retry_after: float | None = None,
        channel: str | None = None,
    ) -> None:
        """The next `times` calls (of `method`, to `channel`) go wrong in this way. cut_before: the
        connection broke before Slack took it; cut_after: after Slack took it (the caller cannot tell
        which)."""
        for _ in range(times):
            self._orders.append(
                _Ordered(fault=fault, method=method, retry_after=retry_after, channel=channel)
            )

    def messages(self, channel: str | None = None) -> list[Standing]:
        """What stands now, oldest first."""
        return [one for one in self._standing.values() if channel in (None, one.ref.channel)]

    def thread(self, root: MessageRef) -> list[Standing]:
        """The replies under `root`, oldest first."""
        return [one for one in self.messages(root.channel) if one.thread == root.ts]

    def at(self, ref: MessageRef) -> Standing:
        return self._standing[ref]

    def delete(self, ref: MessageRef) -> None:
        """Somebody deletes the message in Slack."""
        del self._standing[ref]

    def whispers_to(self, user: str) -> list[Message]:
        return [one.message for one in self.whispers if one.user == user]

    # -- Chat ------------------------------------------------------------------------------------------------

    async def post(
        self, channel: str, message: Message, *, thread: str | None = None, mark: str = "", key: str = ""
    ) -> MessageRef:
        cut = self._enter("post", channel)
        where = f"D{channel[1:]}" if channel[:1] in ("U", "W") else channel
        ref = MessageRef(channel=where, ts=f"1700000000.{next(self._numbers):06d}")
        self._standing[ref] = Standing(ref=ref, message=message, thread=thread, mark=mark, key=key)
        if cut:
            raise ChatCutError
        return ref

    async def find(
        self, channel: str, key: str, *, since: datetime, thread: str | None = None
    ) -> MessageRef | None:
        if self.blind:
            raise NotReachableError(reason="missing_scope")
        there = (one for one in self.messages(channel) if one.thread == thread and one.key == key)
        return next((one.ref for one in there), None)

    def address(self, ref: MessageRef) -> str:
        return f"https://acme.slack.example/archives/{ref.channel}/p{ref.ts.replace('.', '')}"

    async def update(self, ref: MessageRef, message: Message) -> None:
        cut = self._enter("update", ref.channel)
        old = self._standing.get(ref)
        if old is None:
            raise NotReachableError(reason="message_not_found")
        self._standing[ref] = Standing(
            ref=ref, message=message, thread=old.thread, mark=old.mark, edits=old.edits + 1, key=old.key
        )
        if cut:
            raise ChatBusyError

    async def whisper(self, channel: str, user: str, message: Message) -> None:
        cut = self._enter("whisper", channel)
        self.whispers.append(Whispered(channel=channel, user=user, message=message))
        if cut:
            raise ChatCutError

    async def respond(self, response_url: str, message: Message) -> bool:
        cut = self._enter("respond", response_url)
        if response_url in self.dead_urls:
            return False
        self.responses.append(Responded(response_url=response_url, message=message))
        if cut:
            raise ChatCutError
        return True

    def _enter(self, method: Method, where: str) -> bool:
        """Whether the answer is to be lost after the call was carried out."""
        self.calls.append((method, where))
        order = next(
            (o for o in self._orders if o.method in (None, method) and o.channel in (None, where)), None
        )
        if order is None:
            if method != "respond" and where in self.unreachable:
                raise NotReachableError(reason=self.unreachable[where])
            return False
        self._orders.remove(order)
        if order.fault == "cut_after":
            return True
        raise self._error(order, method)

    @staticmethod
    def _error(order: _Ordered, method: Method) -> BotError:
        match order.fault:
            case "busy":
                return ChatBusyError(retry_after=order.retry_after)
            case "not_in_channel":
                return NotReachableError(reason="not_in_channel")
            case "auth":
                return ChatAuthError()
            case _:
                return ChatBusyError() if method == "update" else ChatCutError()
