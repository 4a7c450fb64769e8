"""Private answers after the acknowledgement: said once, bounded, and finished before the end."""

from __future__ import annotations

import asyncio

import pytest

from bot.adapters.slack.answers import Address, Answers
from bot.domain.model import MessageRef
from bot.domain.notices import Message
from tests.fakes.memory_chat import MemoryChat

URL = "https://hooks.example/1"
TO = Address(user="U0ANNA", channel="C0OPS", response_url=URL)


class SlowChat(MemoryChat):
    """A Slack that answers when the gate opens."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()

    async def respond(self, response_url: str, message: Message) -> bool:
        await self.gate.wait()
        return await super().respond(response_url, message)

    async def update(self, ref: MessageRef, message: Message) -> None:
        raise AssertionError("an answer never touches a card")


async def test_a_live_response_url_is_used_and_nothing_else() -> None:
    """It needs no membership."""
    chat = MemoryChat()
    answers = Answers(chat)
    answers.send(TO, Message("no"))

    assert await answers.drain(1.0) == 0
    assert [one.message.text for one in chat.responses] == ["no"]
    assert chat.whispers == []


async def test_a_dead_response_url_is_followed_by_a_whisper() -> None:
    """Five uses, thirty minutes."""
    chat = MemoryChat(dead_urls={URL})
    answers = Answers(chat)
    answers.send(TO, Message("no"))
    await answers.drain(1.0)

    assert [one.text for one in chat.whispers_to("U0ANNA")] == ["no"]


@pytest.mark.parametrize("fault", ["auth", "busy", "not_in_channel", "cut_before"])
async def test_an_answer_that_cannot_be_said_raises_nothing(fault: str) -> None:
    """What was stored stands whatever becomes of the words."""
    chat = MemoryChat()
    chat.fail(fault, times=2)  # type: ignore[arg-type]
    answers = Answers(chat)
    answers.send(TO, Message("no"))

    assert await answers.drain(1.0) == 0
    assert len(chat.calls) == 2


async def test_a_flood_of_answers_is_bounded() -> None:
    """A Slack that hangs must not fill the memory."""
    chat = SlowChat()
    answers = Answers(chat, at_once=3)
    for _ in range(10):
        answers.send(TO, Message("no"))
    chat.gate.set()
    await answers.drain(1.0)

    assert len(chat.responses) == 3


async def test_draining_gives_up_after_its_time_and_says_how_many() -> None:
    """A shutdown has a deadline."""
    answers = Answers(SlowChat())
    answers.send(TO, Message("no"))

    assert await answers.drain(0.05) == 1
    assert await answers.drain(0.05) == 0
