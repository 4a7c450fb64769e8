"""Who somebody is and in which groups: implements bot.ports.People over users.info and usergroups.users.list.
Whatever cannot be read is unknown, never "no" and never "yes".

Rules: https://docs.slack.dev/reference/objects/user-object (deleted, is_bot, is_restricted, is_stranger)
and https://docs.slack.dev/reference/methods/usergroups.users.list (tier 2: that is why answers are kept
for a while).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.fresh import Fresh
from bot.adapters.slack.trouble import LIBRARY_ERRORS, word_of
from bot.domain.model import Actor, GroupDef, GroupName, Person

log = structlog.stdlib.get_logger(__name__)

_AT_ONCE = 5
_SLACKBOT = "USLACKBOT"


@dataclass(frozen=True, kw_only=True)
class _Profile:
    guest: bool | None
    bot: bool | None
    deactivated: bool | None
    foreign: bool | None


_NOBODY = _Profile(guest=None, bot=None, deactivated=True, foreign=None)
"""A user id that Slack does not know can do nothing."""


class SlackPeople:
    """`team` is the bot's own workspace, as auth.test names it."""

    def __init__(
        self,
        client: AsyncWebClient,
        *,
        team: str,
        max_age: float = 60.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._team = client, team
        self._profiles = Fresh(self._read_profile, max_age=max_age, monotonic=monotonic)
        self._usergroups = Fresh(self._read_usergroup, max_age=max_age, monotonic=monotonic)
        self._few = asyncio.Semaphore(_AT_ONCE)

    async def actor(self, person: Person, groups: Mapping[GroupName, GroupDef]) -> Actor:
        """As People.actor. Somebody of another workspace is in no group, and nothing is looked up for
        them."""
        if person.team != self._team:
            return Actor(person=person, is_foreign=True)
        profile = await self._profiles.get(person.user)
        if profile is not None and profile.foreign:
            return Actor(
                person=person, is_foreign=True, is_guest=profile.guest, is_bot=profile.bot,
                is_deactivated=profile.deactivated,
            )  # fmt: skip
        inside = await asyncio.gather(*(self._in_group(person.user, group) for group in groups.values()))
        found = dict(zip(groups, inside, strict=True))
        return Actor(
            person=person,
            groups=frozenset(name for name, answer in found.items() if answer),
            unknown_groups=frozenset(name for name, answer in found.items() if answer is None),
            is_guest=profile.guest if profile else None,
            is_bot=profile.bot if profile else None,
            is_deactivated=profile.deactivated if profile else None,
            is_foreign=profile.foreign if profile else None,
        )

    async def group_members(self, group: GroupDef) -> frozenset[Person] | None:
        """As People.group_members. One member about whom nothing could be found out makes the answer None."""
        users = set(group.slack_users)
        if group.slack_usergroup is not None:
            members = await self._usergroups.get(group.slack_usergroup)
            if members is None:
                return None
            users |= members
        names = sorted(users)
        profiles = await asyncio.gather(*(self._profiles.get(name) for name in names))
        able: set[Person] = set()
        for name, profile in zip(names, profiles, strict=True):
            if profile is None:
                return None
            if not (profile.deactivated or profile.bot or profile.foreign):
                able.add(Person(self._team, name))
        return frozenset(able)

    async def _in_group(self, user: str, group: GroupDef) -> bool | None:
        if user in group.slack_users:
            return True
        if group.slack_usergroup is None:
            return False
        members = await self._usergroups.get(group.slack_usergroup)
        return None if members is None else user in members

    # -- look-ups ------------------------------------------------------------------------------------------

    async def _read_profile(self, user: str) -> _Profile | None:
        data = await self._read("users.info", {"user": user})
        if data is None:
            return None
        if data.get("error") in ("user_not_found", "users_not_found"):
            return _NOBODY
        found = data.get("user")
        return _profile(found, self._team) if isinstance(found, dict) else None

    async def _read_usergroup(self, usergroup: str) -> frozenset[str] | None:
        data = await self._read("usergroups.users.list", {"usergroup": usergroup, "team_id": self._team})
        users = data.get("users") if data else None
        if not isinstance(users, list):
            return None
        return frozenset(user for user in users if isinstance(user, str))

    async def _read(self, method: str, params: dict[str, str]) -> dict[str, Any] | None:
        """The answer's data; the error word as data too when the person does not exist; None when it
        failed."""
        try:
            async with self._few:
                response = await self._client.api_call(method, http_verb="GET", params=params)
            return response.data if isinstance(response.data, dict) else None
        except LIBRARY_ERRORS as error:
            word = word_of(error)
            if word in ("user_not_found", "users_not_found"):
                return {"error": word}
            log.warning("slack_look_up_failed", method=method, reason=word or type(error).__name__)
            return None


def _profile(user: Mapping[str, Any], team: str) -> _Profile:
    of_team = user.get("team_id")
    return _Profile(
        guest=_either(user.get("is_restricted"), user.get("is_ultra_restricted")),
        bot=True if user.get("id") == _SLACKBOT else _either(user.get("is_bot"), user.get("is_workflow_bot")),
        deactivated=_known(user.get("deleted")),
        foreign=True
        if user.get("is_stranger") is True
        else of_team != team
        if isinstance(of_team, str)
        else None,
    )


def _known(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _either(one: object, other: object) -> bool | None:
    """True when either is; None when Slack said neither."""
    if one is True or other is True:
        return True
    return False if isinstance(one, bool) or isinstance(other, bool) else None
