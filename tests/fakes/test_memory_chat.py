"""The fake keeps the same promises as the real one."""

from __future__ import annotations

import itertools

import pytest

from bot.domain.model import MessageRef
from tests.contracts.chat_contract import ChatContract, FaultName, MethodName, Seen
from tests.fakes.memory_chat import MemoryChat, Standing


class MemoryRoom:
    def __init__(self) -> None:
        self.chat = MemoryChat()
        self._numbers = itertools.count(1)
        self._urls: dict[str, str] = {}

    def seen(self, channel: str) -> list[Seen]:
        return [self._seen(one) for one in self.chat.messages(channel)]

    def seen_directly(self, user: str) -> list[Seen]:
        return self.seen("D" + user[1:])

    def whispered(self, user: str) -> list[str]:
        by_url = [one.message.text for one in self.chat.responses if self._urls[one.response_url] == user]
        return [*(one.text for one in self.chat.whispers_to(user)), *by_url]

    def fail(self, fault: FaultName, method: MethodName, retry_after: float = 7) -> None:
        self.chat.fail(fault, method=method, retry_after=retry_after)

    def calls(self, method: MethodName) -> int:
        return len([one for one, _ in self.chat.calls if one == method])

    async def new_response_url(self, user: str) -> str:
        url = f"https://hooks.example/{next(self._numbers)}"
        self._urls[url] = user
        return url

    async def kill_response_urls(self) -> None:
        self.chat.dead_urls |= set(self._urls)

    def delete(self, ref: MessageRef) -> None:
        self.chat.delete(ref)

    def may_look(self) -> None:
        self.chat.blind = False

    @staticmethod
    def _seen(one: Standing) -> Seen:
        return Seen(text=one.message.text, thread=one.thread, mark=one.mark)


class TestMemoryChat(ChatContract):
    @pytest.fixture
    def room(self) -> MemoryRoom:
        return MemoryRoom()
