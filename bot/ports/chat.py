"""Slack, outward, and what can be found out about people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.domain.model import Actor, GroupDef, GroupName, MessageRef, Person
from bot.domain.notices import Message


class Chat(Protocol):
    """Slack, outward. Raises NotReachableError, ChatBusyError (with retry_after), ChatCutError, ChatAuthError."""

    async def post(
        self, channel: str, message: Message, *, thread: str | None = None, mark: str = "", key: str = ""
    ) -> MessageRef:
        """Posted (to a channel, or a user id: a direct message). `mark` says in small type that it may be a repetition; `key`
        names it for `find`. ChatCutError when it may stand there though no answer came; never repeated by the adapter."""

    async def find(
        self, channel: str, key: str, *, since: datetime, thread: str | None = None
    ) -> MessageRef | None:
        """Where the message with this key stands, which was posted after `since`; None when it surely does not.
        NotReachableError when the bot may not look there."""

    def address(self, ref: MessageRef) -> str:
        """A web address that leads to the message; empty when none is known."""

    async def update(self, ref: MessageRef, message: Message) -> None:
        """Replaced in place; harmless to repeat."""

    async def whisper(self, channel: str, user: str, message: Message) -> None:
        """An ephemeral message only `user` sees."""

    async def respond(self, response_url: str, message: Message) -> bool:
        """Privately, by response_url. False when the address is used up or too old."""


class Way(StrEnum):
    """The ways of speaking that are limited in number."""

    POST = "post"
    UPDATE = "update"


class Turns(Protocol):
    """Who may speak next, where only so many messages a second are taken."""

    def ask(self, way: Way, channel: str, *, ticket: int, rank: float, steady: bool = False) -> float:
        """0 when the turn has come: the next call of that way (to that channel) is this one's. Else the seconds after which to
        ask again. Of those that wait the smallest `rank` comes first; `ticket` tells them apart. A `steady` one leaves bursts
        to others."""

    def leave(self, ticket: int) -> None:
        """This one no longer waits."""


class AtOnce:
    """Turns where nothing is limited."""

    def ask(self, way: Way, channel: str, *, ticket: int, rank: float, steady: bool = False) -> float:
        return 0.0

    def leave(self, ticket: int) -> None:
        return


class People(Protocol):
    async def actor(self, person: Person, groups: Mapping[GroupName, GroupDef]) -> Actor:
        """The person with those of the groups they are in. Never raises for a failed look-up: what could not be read is
        unknown (None, unknown_groups). May be a minute old, never older."""

    async def group_members(self, group: GroupDef) -> frozenset[Person] | None:
        """Everybody in the group who can act; None when it cannot be read."""
