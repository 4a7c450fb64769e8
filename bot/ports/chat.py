"""Slack, outward, and what can be found out about people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from bot.domain.model import Actor, GroupDef, GroupName, MessageRef, Person
from bot.domain.notices import Message


class Chat(Protocol):
    """Slack, outward. Raises NotReachableError, ChatBusyError (with retry_after), ChatCutError, ChatAuthError."""

    async def post(
        self, channel: str, message: Message, *, thread: str | None = None, mark: str = ""
    ) -> MessageRef:
        """Posted (to a channel, or a user id: a direct message). `mark` says in small type that it may be a repetition.
        ChatCutError when it may stand there though no answer came; never repeated by the adapter."""

    async def update(self, ref: MessageRef, message: Message) -> None:
        """Replaced in place; harmless to repeat."""

    async def whisper(self, channel: str, user: str, message: Message) -> None:
        """An ephemeral message only `user` sees."""

    async def respond(self, response_url: str, message: Message) -> bool:
        """Privately, by response_url. False when the address is used up or too old."""


class People(Protocol):
    async def actor(self, person: Person, groups: Mapping[GroupName, GroupDef]) -> Actor:
        """The person with those of the groups they are in. Never raises for a failed look-up: what could not be read is
        unknown (None, unknown_groups). May be a minute old, never older."""

    async def group_members(self, group: GroupDef) -> frozenset[Person] | None:
        """Everybody in the group who can act; None when it cannot be read."""
