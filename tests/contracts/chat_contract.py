"""What every bot.ports.Chat promises. A test class inherits `ChatContract` and gives the fixture `room`:
the Chat under test with a view of what people see, and faults to order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol

import pytest

from bot.domain.errors import ChatAuthError, ChatBusyError, ChatCutError, NotReachableError
from bot.domain.model import MessageRef
from bot.domain.notices import Message, Paragraph, Text
from bot.ports import Chat

FaultName = Literal["cut_before", "cut_after", "busy", "not_in_channel", "auth"]
MethodName = Literal["post", "update", "whisper", "respond"]

ANNA = "U0ANNA"
OPS = "C0OPS"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A message as people see it, in whatever form the implementation keeps it."""

    text: str
    thread: str | None = None
    mark: str = ""


class Room(Protocol):
    """The Chat under test and what stands around it."""

    chat: Chat

    def seen(self, channel: str) -> list[Seen]:
        """What stands in the channel, oldest first; `mark` is any mark that is shown."""

    def seen_directly(self, user: str) -> list[Seen]: ...
    def whispered(self, user: str) -> list[str]:
        """Texts only `user` sees, oldest first."""

    def fail(self, fault: FaultName, method: MethodName, retry_after: float = 7) -> None: ...
    def calls(self, method: MethodName) -> int: ...
    async def new_response_url(self, user: str) -> str: ...
    async def kill_response_urls(self) -> None:
        """From now on they are used up."""

    def delete(self, ref: MessageRef) -> None: ...
    def may_look(self) -> None:
        """From now on the bot may look for its messages."""


def said(text: str) -> Message:
    return Message(text=text, parts=(Paragraph((Text(text),)),))


class ChatContract:
    """One test for each sentence of the port."""

    async def test_a_posted_message_stands_where_it_says(self, room: Room) -> None:
        """Everything later (updates, replies) is addressed by what comes back."""
        ref = await room.chat.post(OPS, said("one"))

        assert ref.channel == OPS
        assert [seen.text for seen in room.seen(OPS)] == ["one"]

    async def test_two_posts_stand_apart(self, room: Room) -> None:
        """A shared reference would make one card overwrite another."""
        first, second = await room.chat.post(OPS, said("one")), await room.chat.post(OPS, said("two"))

        assert first != second

    async def test_a_reply_stands_under_its_root(self, room: Room) -> None:
        """The thread is the request's story."""
        root = await room.chat.post(OPS, said("root"))
        await room.chat.post(OPS, said("reply"), thread=root.ts)

        assert [seen.thread for seen in room.seen(OPS)][-1] == root.ts

    async def test_a_mark_is_shown(self, room: Room) -> None:
        """A possible repetition must not look like a second event."""
        await room.chat.post(OPS, said("done"), mark="may be a repetition")

        (seen,) = room.seen(OPS)
        assert "may be a repetition" in seen.mark

    async def test_a_message_is_found_by_its_key_where_that_is_allowed(self, room: Room) -> None:
        """After a lost answer: what stands is adopted, and not said twice."""
        room.may_look()
        root = await room.chat.post(OPS, said("card"), key="7-1")
        reply = await room.chat.post(OPS, said("reply"), thread=root.ts, key="8-1")

        assert await room.chat.find(OPS, "7-1", since=LONG_AGO) == root
        assert await room.chat.find(OPS, "8-1", since=LONG_AGO, thread=root.ts) == reply
        assert await room.chat.find(OPS, "9-1", since=LONG_AGO) is None
        await room.chat.update(root, said("card again"))
        assert await room.chat.find(OPS, "7-1", since=LONG_AGO) == root

    async def test_where_it_may_not_look_it_says_so(self, room: Room) -> None:
        """Not seen and not there are different things: the one asks for a mark."""
        with pytest.raises(NotReachableError):
            await room.chat.find(OPS, "7-1", since=LONG_AGO)

    async def test_a_message_has_an_address(self, room: Room) -> None:
        """A digest leads to each card."""
        ref = await room.chat.post(OPS, said("card"))

        assert room.chat.address(ref).startswith("https://")

    async def test_a_post_to_a_person_is_a_direct_message(self, room: Room) -> None:
        """And what comes back can be updated."""
        ref = await room.chat.post(ANNA, said("hello"))
        await room.chat.update(ref, said("hello again"))

        assert [seen.text for seen in room.seen_directly(ANNA)] == ["hello again"]

    async def test_an_update_replaces_in_place_and_may_be_repeated(self, room: Room) -> None:
        """A card is drawn anew from the store as often as needed."""
        ref = await room.chat.post(OPS, said("waiting"))
        await room.chat.update(ref, said("approved"))
        await room.chat.update(ref, said("approved"))

        assert [seen.text for seen in room.seen(OPS)] == ["approved"]

    async def test_a_whisper_is_seen_by_one_person(self, room: Room) -> None:
        """Refusals are private."""
        await room.chat.whisper(OPS, ANNA, said("not you"))

        assert room.whispered(ANNA) == ["not you"]
        assert room.whispered("U0BEN") == []
        assert room.seen(OPS) == []

    async def test_a_response_is_private_and_true(self, room: Room) -> None:
        """It works where the bot is not a member."""
        url = await room.new_response_url(ANNA)

        assert await room.chat.respond(url, said("noted")) is True
        assert room.whispered(ANNA) == ["noted"]

    async def test_a_used_up_response_url_is_false_and_says_nothing(self, room: Room) -> None:
        """The caller then whispers; the vendor's own client hides this."""
        url = await room.new_response_url(ANNA)
        await room.kill_response_urls()

        assert await room.chat.respond(url, said("noted")) is False
        assert room.whispered(ANNA) == []

    async def test_a_post_cut_before_it_was_taken_may_stand_there(self, room: Room) -> None:
        """The caller cannot know; so it must be told that it is unsure."""
        room.fail("cut_before", "post")
        with pytest.raises(ChatCutError):
            await room.chat.post(OPS, said("one"))

        assert room.seen(OPS) == []
        assert room.calls("post") == 1

    async def test_a_post_cut_after_it_was_taken_is_not_repeated(self, room: Room) -> None:
        """The vendor's default posts it twice."""
        room.fail("cut_after", "post")
        with pytest.raises(ChatCutError):
            await room.chat.post(OPS, said("one"))

        assert [seen.text for seen in room.seen(OPS)] == ["one"]
        assert room.calls("post") == 1

    async def test_a_whisper_that_was_cut_is_not_repeated(self, room: Room) -> None:
        """As for a post."""
        room.fail("cut_after", "whisper")
        with pytest.raises(ChatCutError):
            await room.chat.whisper(OPS, ANNA, said("one"))

        assert room.whispered(ANNA) == ["one"]
        assert room.calls("whisper") == 1

    async def test_a_response_that_was_cut_is_not_repeated(self, room: Room) -> None:
        """As for a post."""
        url = await room.new_response_url(ANNA)
        room.fail("cut_before", "respond")
        with pytest.raises(ChatCutError):
            await room.chat.respond(url, said("one"))

    @pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
    async def test_an_update_that_was_cut_may_be_made_again(self, room: Room, fault: FaultName) -> None:
        """Repeating it is harmless, so nobody needs to be unsure."""
        ref = await room.chat.post(OPS, said("waiting"))
        room.fail(fault, "update")
        with pytest.raises(ChatBusyError):
            await room.chat.update(ref, said("approved"))
        await room.chat.update(ref, said("approved"))

        assert [seen.text for seen in room.seen(OPS)] == ["approved"]

    async def test_a_busy_slack_says_how_long(self, room: Room) -> None:
        """The worker postpones the row by that much."""
        room.fail("busy", "post", retry_after=7)
        with pytest.raises(ChatBusyError) as caught:
            await room.chat.post(OPS, said("one"))

        assert caught.value.retry_after == 7
        assert room.seen(OPS) == []

    @pytest.mark.parametrize("method", ["post", "update", "whisper"])
    async def test_a_closed_room_is_not_reachable_for_a_reason(self, room: Room, method: MethodName) -> None:
        """The requester is told how to invite the bot."""
        ref = await room.chat.post(OPS, said("waiting"))
        room.fail("not_in_channel", method)
        with pytest.raises(NotReachableError) as caught:
            await call(room.chat, method, ref)

        assert caught.value.reason == "not_in_channel"

    @pytest.mark.parametrize("method", ["post", "update", "whisper"])
    async def test_a_refused_token_is_the_operators(self, room: Room, method: MethodName) -> None:
        """Nothing a requester or time could mend."""
        ref = await room.chat.post(OPS, said("waiting"))
        room.fail("auth", method)
        with pytest.raises(ChatAuthError):
            await call(room.chat, method, ref)

    async def test_a_deleted_message_cannot_be_updated(self, room: Room) -> None:
        """Somebody removed the card; the caller must not wait for it for ever."""
        ref = await room.chat.post(OPS, said("waiting"))
        room.delete(ref)
        with pytest.raises(NotReachableError) as caught:
            await room.chat.update(ref, said("approved"))

        assert caught.value.reason == "message_not_found"


async def call(chat: Chat, method: MethodName, ref: MessageRef) -> None:
    match method:
        case "post":
            await chat.post(OPS, said("x"))
        case "update":
            await chat.update(ref, said("x"))
        case _:
            await chat.whisper(OPS, ANNA, said("x"))
