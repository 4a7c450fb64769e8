"""People and groups."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.model.ids import GroupName


@dataclass(frozen=True, order=True)
class Person:
    """A person as Slack names them. Keyed by both ids: a user id alone says nothing in a shared channel."""

    team: str
    user: str


@dataclass(frozen=True, kw_only=True)
class GroupDef:
    """A group of the policy file: a Slack user group, or a list of people, or both."""

    name: GroupName
    slack_usergroup: str | None = None
    slack_users: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A person with what could be found out about them just now. None means: could not be found out."""

    person: Person
    groups: frozenset[GroupName] = frozenset()
    """Groups of the policy they surely are in."""
    unknown_groups: frozenset[GroupName] = frozenset()
    """Groups whose members could not be read: neither in nor out."""
    is_guest: bool | None = None
    is_bot: bool | None = None
    is_deactivated: bool | None = None
    is_foreign: bool | None = None
    """Of another workspace than the bot's."""
